import { openPage } from '../page.ts';
import { answerRequests, type RequestHandler } from '../request.ts';

/**
 * Answers what the server asks this page with `platform.request`; one handler at a time. The function that comes back removes it.
 * @example const stop = onRequest((event, data) => event === 'confirm' && window.confirm(data.question));
 */
export function onRequest(handler: RequestHandler): () => void {
	return answerRequests(openPage(), handler);
}
