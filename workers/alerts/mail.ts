import { createTransport } from 'nodemailer';
import type { Notice } from '../../activities/notify.js';
import { isLoopback } from '../../config/env.js';
import { MillraceError } from '../../config/errors.js';
import type { AlertSettings } from '../../config/settings.js';
import { subjectOf, textOf } from './words.js';

const PATIENCE_MS = 10_000;

/**
 * Sends a notice by e-mail. The message has the id of the notice, so that one that is sent twice is shown once.
 * @throws MillraceError MR_ALERT when no server takes it; MR_CONFIG without one
 */
export async function sendMail(
  name: string,
  to: readonly string[],
  notice: Notice,
  settings: Pick<AlertSettings, 'smtp' | 'page'>,
): Promise<void> {
  const { smtp } = settings;
  if (smtp === undefined) {
    throw new MillraceError('MR_CONFIG', `the alert "${name}" goes by e-mail, and MILLRACE_SMTP_URL is not set`, {
      allowed: 'smtps://user@host, with the password in MILLRACE_SMTP_PASSWORD_FILE',
    });
  }
  const url = new URL(smtp.url);
  const transport = createTransport({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(url.port !== '' && { port: Number(url.port) }),
    secure: url.protocol === 'smtps:',
    // A password goes over no open line.
    requireTLS: url.username !== '' && !isLoopback(url.hostname),
    ...(url.username !== '' && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
  });
  try {
    await transport.sendMail({
      from: smtp.from,
      to: [...to],
      subject: `Millrace: ${subjectOf(notice)}`,
      text: textOf(notice, settings),
      messageId: `<${notice.id.replace(/[^\w.-]/g, '-')}.${name}@millrace>`,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MillraceError('MR_ALERT', `${name} was not told: ${url.host}: ${why}`);
  } finally {
    transport.close();
  }
}
