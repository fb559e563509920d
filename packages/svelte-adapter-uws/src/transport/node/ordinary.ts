import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { refuse } from './handshake.ts';

/**
 * Answers an upgrade that nobody takes as the ordinary request that it is as well. The server has let go of its stream, so
 * the connection ends with the answer, and a body that follows cannot be read any more.
 */
export function answerOrdinary(
	request: IncomingMessage,
	raw: Duplex,
	answer: (request: IncomingMessage, response: ServerResponse) => void
): void {
	raw.on('error', () => raw.destroy());
	if (request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0) {
		return refuse(raw, {
			status: 501,
			body: 'A request that asks for an upgrade cannot have a body here. Send it without the Upgrade header.'
		});
	}
	const response = new ServerResponse(request);
	response.shouldKeepAlive = false;
	response.assignSocket(raw as Socket);
	response.once('finish', () => {
		response.detachSocket(raw as Socket);
		raw.end();
	});
	answer(request, response);
}
