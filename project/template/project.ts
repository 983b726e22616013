import { defineProject } from 'millrace/pipeline';
import { dailySwings } from './pipelines/daily-swings.js';

export default defineProject({ pipelines: [dailySwings] });
