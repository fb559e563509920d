import type { RequestHead } from '../../contract/http.ts';
import { chooseCoding, isCompressible, MIN_BYTES, WholeBody } from './compress.ts';
import type { Render } from './share.ts';
import { takeWhole } from './whole.ts';

/**
 * The response for one client, compressed where that is safe: text of 1 KB or more that is all there. With cookies or
 * credentials in the request it is left alone unless `compressCredentialed`, because the size of a compressed page tells an
 * attacker who can put text into it something of its secrets (BREACH).
 */
export async function encode({ response, body }: Render, head: RequestHead, compressCredentialed: boolean): Promise<Response> {
	const isSafe = compressCredentialed || (head.header('cookie') === '' && head.header('authorization') === '');
	if (!isSafe || head.method === 'HEAD' || !isCompressible(response)) return body ? new Response(body.bytes, response) : response;
	const coding = chooseCoding(head.header('accept-encoding'));
	if (!body) {
		// Most answers say how long they are: what will not be compressed need not be read here.
		const length = response.headers.get('content-length');
		if (length !== null && Number(length) < MIN_BYTES) return response;
		if (!coding && length !== null) return withVary(response);
	}
	const taken = body ? { bytes: body.bytes } : await takeWhole(response);
	if (!taken.bytes) return taken.response;
	const whole = body ?? new WholeBody(taken.bytes);
	if (!whole.isLarge) return new Response(whole.bytes, response);
	const encoded = coding && (await whole.encoded(coding));
	const headers = new Headers(response.headers);
	addVary(headers);
	const { status, statusText } = response;
	if (!encoded) return new Response(whole.bytes, { status, statusText, headers });
	headers.set('content-encoding', coding);
	headers.set('content-length', String(encoded.byteLength));
	const etag = headers.get('etag');
	// Other bytes than those that the app tagged, with the same meaning.
	if (etag?.startsWith('"')) headers.set('etag', `W/${etag}`);
	return new Response(encoded, { status, statusText, headers });
}

function withVary(response: Response): Response {
	try {
		addVary(response.headers);
		return response;
	} catch {
		// The headers of fetched responses cannot be changed.
		const { status, statusText } = response;
		const headers = new Headers(response.headers);
		addVary(headers);
		return new Response(response.body, { status, statusText, headers });
	}
}

/** Other clients get other bytes, also where this one got them plain. */
function addVary(headers: Headers): void {
	if (!/(?:^|,)\s*(?:accept-encoding|\*)\s*(?:,|$)/i.test(headers.get('vary') ?? '')) headers.append('vary', 'Accept-Encoding');
}
