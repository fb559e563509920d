import type { HeaderList } from '../../contract/http.ts';
import { isHeaderSafe } from './handshake.ts';

/** The value of one header by lower-case name, repeated lines joined as the protocol says; `''` when absent. */
export function headerValue(headers: HeaderList, name: string): string {
	let value = '';
	let found = false;
	for (let index = 0; index < headers.length; index++) {
		if (headers[index]![0] !== name) continue;
		value = found ? `${value}${name === 'cookie' ? '; ' : ', '}${headers[index]![1]}` : headers[index]![1];
		found = true;
	}
	return value;
}

/** What a transport writes above a body. */
export interface ResponseHead {
	readonly status: number;
	/** Without those that frame the message: the transport writes these itself. */
	readonly headers: HeaderList;
	/** Bytes of the body where they are known. */
	readonly length: number | undefined;
	/** The connection ends with this answer. */
	readonly close: boolean;
}

/** Takes a response apart. Throws a TypeError for a header that would break out of its line, and for a status that is none. */
export function toResponseHead({ status, headers }: Response): ResponseHead {
	if (!(status >= 200 && status <= 599)) throw new TypeError(`A response has the status ${status}, expected 200 to 599.`);
	const list: [string, string][] = [];
	let length: number | undefined;
	let close = false;
	// Set-Cookie comes out of the iteration line by line.
	for (const [name, value] of headers) {
		if (!isHeaderSafe(name, value))
			throw new TypeError(
				`The response header ${JSON.stringify(name)} holds a control character or has no valid name. Leave it out or encode it.`
			);
		switch (name.toLowerCase()) {
			case 'content-length':
				if (/^\d+$/.test(value)) length = Number(value);
				break;
			case 'connection':
				close ||= /\bclose\b/i.test(value);
				break;
			case 'transfer-encoding':
			case 'keep-alive':
			case 'date':
				break;
			default:
				list.push([name, value]);
		}
	}
	return { status, headers: list, length, close };
}
