import type { Answer, HttpHandler, RequestHead, StaticPlan } from '../contract/http.ts';
import type { AuthenticationStep } from './authentication.ts';
import { guard } from './guard.ts';
import { plain } from './plain.ts';
import { createRespond, type ResponderParts } from './ssr/respond.ts';
import { fileBody } from './static/file-body.ts';
import { planStatic } from './static/plan.ts';
import type { FilePlan, StaticTable } from './static/table.ts';

/** What HTTP is made of. */
export interface HttpParts extends ResponderParts {
	readonly table: StaticTable;
	/** Paths, compared exactly, that answer 200 while the function says yes, else 503. */
	readonly checks: ReadonlyMap<string, () => boolean>;
	/** Goes before static files and the app. Absent = there is no endpoint. */
	readonly authentication?: AuthenticationStep | undefined;
	/** Bytes; `Infinity` = no limit. */
	readonly bodyLimit: number;
	/** Refuses paths with `:` or `~`, which mean streams and short names to Windows. Default: whether this is Windows. */
	readonly windows?: boolean;
}

/** The HTTP side of a server, with what a shutdown has to know. */
export interface HttpServing extends HttpHandler {
	/** Answers that the app makes, and files that take time to send. */
	readonly active: number;
	/** Resolves as soon as there is none. */
	idle(): Promise<void>;
}

/** Joins health checks, static files, prerendered pages and the app into what a transport asks. */
export function createHttpHandler(parts: HttpParts): HttpServing {
	const { table, checks, authentication, healthy, bodyLimit, log, windows = process.platform === 'win32' } = parts;
	const respondWithApp = createRespond(parts);
	let active = 0;
	let waiting: (() => void)[] = [];

	function decide(head: RequestHead): StaticPlan | undefined {
		const refusal = guard(head);
		if (refusal) return plain(refusal.status, `${refusal.reason}.`, { close: true });
		const isRead = head.method === 'GET' || head.method === 'HEAD';
		const check = isRead ? checks.get(head.path) : undefined;
		if (check) return check() ? OK : UNAVAILABLE;
		if (authentication?.takes(head)) return authentication.plan(head);
		const found = isRead ? planStatic(table, head) : undefined;
		if (found && takesTime(found) && head.method === 'GET') return undefined;
		if (found) return healthy() ? found : { ...found, close: true };
		if (windows && /[:~]/.test(head.path)) return plain(400, 'The path is not allowed.');
		if (!isRead && Number(head.header('content-length')) > bodyLimit)
			return plain(413, `The body is larger than ${bodyLimit} bytes.`);
		return undefined;
	}

	return {
		bodyLimit,
		plan(head) {
			try {
				return decide(head);
			} catch (error) {
				log.error(`[http] ${head.method} ${head.path} failed`, error);
				return plain(500, 'Internal Server Error');
			}
		},
		respond(head, body, client) {
			active++;
			if (authentication?.takes(head)) return authentication.respond(head, body, client);
			const found = head.method === 'GET' ? planStatic(table, head) : undefined;
			if (found && takesTime(found)) return Promise.resolve(respondWithFile(found, healthy()));
			return respondWithApp(head, body, client);
		},
		settled(error) {
			if (error !== undefined) log.error('[http] A response could not be written', error);
			if (--active > 0) return;
			for (const resolve of waiting) resolve();
			waiting = [];
		},
		get active() {
			return active;
		},
		idle: () => (active === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)))
	};
}

/** Bytes that a client has taken as soon as they are written, or so soon that nobody need wait for it. */
const MOMENT_BYTES = 65_536;

/** Whether an answer may be under way when the server is asked to end. */
function takesTime({ file, body }: FilePlan): boolean {
	return file !== undefined || (body !== undefined && body.length > MOMENT_BYTES);
}

function respondWithFile({ status, headers, length, file, body }: FilePlan, healthy: boolean): Answer {
	const lines: [string, string][] = headers.map(([name, value]) => [name, value]);
	lines.push(['content-length', String(length)]);
	if (!healthy) lines.push(['connection', 'close']);
	const stream = file ? fileBody(file.content, file.start, length) : null;
	return { response: new Response(stream, { status, headers: lines }), bytes: body };
}

const OK: StaticPlan = plain(200, 'OK');
const UNAVAILABLE: StaticPlan = plain(503, 'Service Unavailable', { close: true });
