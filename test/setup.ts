import { execFileSync } from 'node:child_process';

/** Tests run what users run: the compiled program, made from the sources as they are. */
export default function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
}
