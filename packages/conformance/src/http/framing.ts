/** A request as RFC 9112 frames it. */
export interface FramedRequest {
	readonly method: string;
	readonly target: string;
	/** Absent when it breaks off or is malformed: nobody can tell then what follows it. */
	readonly body: string | undefined;
}

const REQUEST_LINE = /^([A-Z][A-Z-]*) +(\/[!-~]*) +HTTP\/1\.[01]$/;
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t -\xff]*?)[ \t]*$/;
const CHUNK_SIZE = /^([0-9a-f]{1,8})$/i;

/**
 * The requests in what a client sends on one connection, up to the first that two readers of the standard could disagree about. Knows
 * nothing of how servers parse, and is stricter than they need to be in nothing but framing. Bytes as latin1.
 */
export function framed(sent: string): FramedRequest[] {
	const requests: FramedRequest[] = [];
	let at = 0;
	for (;;) {
		// Empty lines before a request are nobody's.
		while (sent[at] === '\r' || sent[at] === '\n') at++;
		const end = sent.indexOf('\r\n\r\n', at);
		if (end === -1) return requests;
		const [line = '', ...lines] = sent.slice(at, end).split('\r\n');
		const [, method, target] = REQUEST_LINE.exec(line) ?? [];
		const headers = lines.map((text) => HEADER.exec(text));
		if (method === undefined || target === undefined || headers.includes(null)) return requests;
		const values = (name: string): string[] =>
			headers.flatMap((header) => (header![1]!.toLowerCase() === name ? [header![2]!] : []));
		const [lengths, encodings] = [values('content-length'), values('transfer-encoding')];
		if (values('host').length !== 1 || lengths.length + encodings.length > 1) return requests;
		if (lengths.some((text) => !/^\d{1,15}$/.test(text)) || encodings.some((text) => text.toLowerCase() !== 'chunked'))
			return requests;
		const start = end + 4;
		const [body, next] = encodings.length > 0 ? chunks(sent, start) : plain(sent, start, Number(lengths[0] ?? 0));
		requests.push({ method, target, body });
		if (body === undefined) return requests;
		at = next;
	}
}

function plain(sent: string, start: number, length: number): [body: string | undefined, next: number] {
	const next = start + length;
	return [next <= sent.length ? sent.slice(start, next) : undefined, next];
}

function chunks(sent: string, start: number): [body: string | undefined, next: number] {
	let at = start;
	let body = '';
	for (;;) {
		const line = sent.indexOf('\r\n', at);
		const [, digits] = CHUNK_SIZE.exec(sent.slice(at, line === -1 ? at : line)) ?? [];
		if (digits === undefined) return [undefined, at];
		const size = Number.parseInt(digits, 16);
		if (size === 0) return trailers(sent, line, body);
		const end = line + 2 + size;
		if (sent.slice(end, end + 2) !== '\r\n') return [undefined, at];
		body += sent.slice(line + 2, end);
		at = end + 2;
	}
}

function trailers(sent: string, line: number, body: string): [body: string | undefined, next: number] {
	const end = sent.indexOf('\r\n\r\n', line);
	const lines = sent.slice(line + 2, Math.max(line + 2, end)).split('\r\n');
	const isWhole = end === line || (end !== -1 && lines.every((text) => HEADER.test(text)));
	return [isWhole ? body : undefined, end + 4];
}
