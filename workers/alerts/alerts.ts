import picomatch from 'picomatch';
import type { Logger } from 'pino';
import type { Alerts } from '../../activities/context.js';
import type { Notice, Tiding } from '../../activities/notify.js';
import type { AlertTarget } from '../../config/alerts.js';
import { MillraceError } from '../../config/errors.js';
import { didYouMean } from '../../config/nearest.js';
import type { AlertSettings } from '../../config/settings.js';
import { sendMail } from './mail.js';
import { callWebhook } from './webhook.js';

type Targets = Record<string, AlertTarget>;

/** Tells the targets of `millrace.yaml`, which is read anew each time: who is to know may change while a worker runs. */
export class ConfiguredAlerts implements Alerts {
  #last: Targets = {};

  constructor(
    private readonly load: () => Promise<Targets>,
    private readonly settings: AlertSettings,
    private readonly log: Logger,
  ) {}

  async targetsOf({ kind, pipeline }: Tiding): Promise<string[]> {
    // A run ends also while somebody is writing the file.
    this.#last = await this.load().catch((error: unknown) => {
      this.log.warn(
        { error: String(error) },
        'who is to be told cannot be read: those are told who were to know before',
      );
      return this.#last;
    });
    return Object.entries(this.#last)
      .filter(([, { on, pipelines }]) => on.some((each) => each === kind) && picomatch.isMatch(pipeline, pipelines))
      .map(([name]) => name);
  }

  async send(name: string, notice: Notice): Promise<void> {
    const targets = await this.load();
    const target = targets[name];
    if (target === undefined) {
      const names = Object.keys(targets);
      throw new MillraceError('MR_CONFIG', `there is no alert "${name}" in millrace.yaml.${didYouMean(name, names)}`, {
        allowed: names.length === 0 ? 'none is declared' : `alerts: ${names.join(', ')}`,
      });
    }
    if ('webhook' in target) await callWebhook(name, target.webhook, notice, this.settings);
    else await sendMail(name, target.email, notice, this.settings);
  }
}
