import { createHmac } from 'node:crypto';
import type { Notice } from '../../activities/notify.js';
import { MillraceError } from '../../config/errors.js';
import type { AlertSettings } from '../../config/settings.js';
import { linkOf } from './words.js';

/** A server that takes longer is called again. */
const PATIENCE_MS = 10_000;

/**
 * Calls a server with a notice, signed as Standard Webhooks 1.0 says (HMAC-SHA256 over id, time and body). The id is
 * that of the notice, so that a receiver can tell one that comes twice.
 * @throws MillraceError MR_ALERT when it does not answer with 2xx in time; MR_CONFIG without a secret
 */
export async function callWebhook(
  name: string,
  url: string,
  notice: Notice,
  settings: Pick<AlertSettings, 'webhookSecret' | 'page'>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const { webhookSecret: secret } = settings;
  if (secret === undefined) {
    throw new MillraceError('MR_CONFIG', `the alert "${name}" is a webhook, and MILLRACE_WEBHOOK_SECRET is not set`, {
      next: 'make one, echo "whsec_$(openssl rand -base64 32)", and give it to the receiver and to the services',
    });
  }
  const { id, kind, at, ...data } = notice;
  const body = JSON.stringify({
    type: kind === 'test' ? 'test' : `run.${kind}`,
    timestamp: at,
    data: { ...data, url: linkOf(notice, settings) },
  });
  const seconds = String(Math.floor(Date.now() / 1000));
  const host = new URL(url).host;
  const failed = (why: string) => new MillraceError('MR_ALERT', `${name} (${host}) was not told: ${why}`);
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'millrace',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${sign(secret, `${id}.${seconds}.${body}`)}`,
    },
    body,
    signal: AbortSignal.timeout(patienceMs),
  }).catch((error: unknown) => {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    // What `fetch` itself says may hold the whole address, and with it a secret.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : 'it cannot be reached';
    throw failed(timedOut ? `it did not answer within ${patienceMs / 1000} s` : cause);
  });
  await answer.body?.cancel();
  if (!answer.ok) throw failed(`it answered ${answer.status}`);
}

/** Base64 of the HMAC. @param secret with or without `whsec_`, in base64 */
function sign(secret: string, text: string): string {
  return createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(text)
    .digest('base64');
}
