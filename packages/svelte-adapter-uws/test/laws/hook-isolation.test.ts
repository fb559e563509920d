import { freePort } from 'conformance/free-port';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Connection } from '../../src/contract/connection.ts';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import { manualClock } from '../../src/host/clock.ts';
import { createTestServer } from '../../src/host/testing.ts';
import { FAILURES, raise, SECRET } from '../support/failures.ts';
import { memoryLog } from '../support/log.ts';

type Kind = 'fails' | 'hangs' | 'talks nonsense';
interface Behaviour {
	readonly kind: Kind;
	readonly act: () => any;
}

const trap = (): never => raise(new Error(SECRET));
const hostile = (): any => new Proxy({}, { get: trap, has: trap, ownKeys: trap, getOwnPropertyDescriptor: trap });

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
	...Object.fromEntries(FAILURES.map(([how, act]) => [how, { kind: 'fails', act } as const])),
	'throws a proxy': { kind: 'fails', act: () => raise(hostile()) },
	'never settles': { kind: 'hangs', act: () => new Promise(() => {}) },
	'gives a number': { kind: 'talks nonsense', act: () => 42 },
	'gives a symbol': { kind: 'talks nonsense', act: () => Symbol('no') },
	'gives a function': { kind: 'talks nonsense', act: () => () => {} },
	'gives an array later': { kind: 'talks nonsense', act: async () => [null] }
};

/** What the victim hears, by what its hook does. Everything that a table does not name is `stays`. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<Kind, string>>>> = {
	authenticate: { fails: '500', hangs: '504', 'talks nonsense': '500' },
	upgrade: { fails: '500', hangs: '504', 'talks nonsense': 'stays' },
	open: { fails: 'closed 1011', hangs: 'stays', 'talks nonsense': 'stays' },
	message: { fails: 'stays', hangs: 'stays', 'talks nonsense': 'stays' },
	subscribe: { fails: 'denied INTERNAL_ERROR', hangs: 'denied INTERNAL_ERROR', 'talks nonsense': 'subscribed' },
	subscribeBatch: { fails: 'denied INTERNAL_ERROR', hangs: 'denied INTERNAL_ERROR', 'talks nonsense': 'subscribed' },
	unsubscribe: { fails: 'stays', hangs: 'stays', 'talks nonsense': 'stays' },
	resume: { fails: 'resumed', hangs: 'resumed', 'talks nonsense': 'resumed' },
	close: { fails: 'gone', hangs: 'gone', 'talks nonsense': 'gone' }
};

/** Hooks of a server whose one hook misbehaves towards the victim alone. */
function hooksOf(hook: string, act: () => any): WebSocketHooks {
	const forVictim =
		(otherwise: (...args: any[]) => unknown) =>
		(...args: any[]): any => {
			const first = args[0] as { readonly headers?: Record<string, string>; getUserData?(): { user: string } };
			const user = first.headers ? first.headers['user'] : (first as Connection).getUserData().user;
			return user === 'victim' ? act() : otherwise(...args);
		};
	const usual: WebSocketHooks = {
		// A hook that gives no object still has to leave the victim its name.
		upgrade: ({ headers }) => ({ user: headers['user'] }),
		message: (ws, { text }) => void ws.send(`echo ${text}`)
	};
	return { ...usual, [hook]: forVictim((usual as Record<string, any>)[hook] ?? (() => {})) };
}

class Client {
	readonly ws: WebSocket;
	readonly texts: string[] = [];
	outcome = '';

	constructor(url: string, user: string) {
		this.ws = new WebSocket(url, { headers: { user } });
		this.ws.on('message', (data: Buffer) => void this.texts.push(data.toString()));
		this.ws.on('unexpected-response', (_request, response) => {
			this.outcome = String(response.statusCode);
			response.on('data', (data: Buffer) => void this.texts.push(data.toString()));
		});
		this.ws.on('close', (code) => (this.outcome ||= `closed ${code}`));
		this.ws.on('error', () => {});
	}

	say(frame: object | string): void {
		this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
	}

	async hears(part: string): Promise<void> {
		await until(() => expect(this.texts.join('\n')).toContain(part));
	}

	/** What the server said to its last question. */
	get answer(): string | undefined {
		const frames = this.texts.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as Record<string, unknown>);
		const found = frames.find(({ type }) => type === 'subscribed' || type === 'subscribe-denied' || type === 'resumed');
		return found?.['type'] === 'subscribe-denied' ? `denied ${String(found['reason'])}` : (found?.['type'] as string | undefined);
	}
}

const TRIGGERS: Readonly<Record<string, (victim: Client) => Promise<void> | void>> = {
	message: (victim) => victim.say('anything'),
	subscribe: (victim) => victim.say({ type: 'subscribe', topic: 'mine', ref: 1 }),
	subscribeBatch: (victim) => victim.say({ type: 'subscribe-batch', topics: ['mine'], ref: 1 }),
	unsubscribe: async (victim) => {
		victim.say({ type: 'subscribe', topic: 'mine', ref: 1 });
		await victim.hears('subscribed');
		victim.say({ type: 'unsubscribe', topic: 'mine' });
	},
	resume: (victim) => victim.say({ type: 'resume', sessionId: 'old', lastSeenSeqs: {} }),
	close: (victim) => victim.ws.close()
};

const table = Object.keys(OUTCOMES).flatMap((hook) => Object.keys(BEHAVIOURS).map((how) => [hook, how] as const));

describe.each(['node', 'uws'] as const)('on %s, nobody but its own connection suffers', (transport) => {
	it.each(table)('when %s %s', async (hook, how) => {
		const { kind, act } = BEHAVIOURS[how]!;
		const expected = OUTCOMES[hook]![kind];
		const clock = manualClock();
		const log = memoryLog();
		const called = vi.fn<() => void>();
		await using server = await createTestServer({
			transport,
			clock,
			log,
			handler: hooksOf(hook, () => (called(), act()))
		});
		const witness = new Client(server.wsUrl, 'witness');
		await witness.hears('welcome');
		witness.say({ type: 'subscribe', topic: 'news', ref: 1 });
		await witness.hears('subscribed');

		const victim = hook === 'authenticate' ? undefined : new Client(server.wsUrl, 'victim');
		const response = victim
			? undefined
			: fetch(`${server.url}/__ws/auth`, { method: 'POST', headers: { user: 'victim', 'x-requested-with': 'XMLHttpRequest' } });
		if (victim && TRIGGERS[hook]) {
			await victim.hears('welcome');
			await TRIGGERS[hook](victim);
		}
		await until(() => expect(called).toHaveBeenCalled());
		if (kind === 'hangs') clock.advance(30_000);

		if (response) expect(String((await response).status)).toBe(expected);
		else if (victim && expected === 'gone') await until(() => expect(server.platform.connections).toBe(1));
		else if (victim && expected === 'stays') {
			if (hook !== 'upgrade' && hook !== 'message') {
				// A hook may have been called before the client knows that it is connected.
				await victim.hears('welcome');
				victim.say('are you there');
				await victim.hears('echo are you there');
			} else await victim.hears('welcome');
			expect(victim.outcome).toBe('');
		} else if (victim && TRIGGERS[hook]) await until(() => expect(victim.answer).toBe(expected));
		else if (victim) await until(() => expect(victim.outcome).toBe(expected));

		server.platform.publish('news', 'created', 'fresh');
		await witness.hears('fresh');
		witness.say('still here');
		await witness.hears('echo still here');
		expect([witness.outcome, witness.ws.readyState]).toEqual(['', WebSocket.OPEN]);
		expect((victim?.texts ?? []).join('\n')).not.toContain(SECRET);
		if (kind === 'fails') expect(log.lines.map(([, message]) => message).join('\n')).toContain(`The ${hook} hook failed`);
		expect(log.lines.filter(([level]) => level === 'error').length).toBe(
			kind === 'fails' ||
				(hook === 'authenticate' && kind === 'talks nonsense') ||
				(kind === 'hangs' && /^(?:subscribe|subscribeBatch|resume)$/.test(hook))
				? 1
				: 0
		);
		victim?.ws.terminate();
		witness.ws.terminate();
	});

	it.each(FAILURES)('when drain %s', async (_how, act) => {
		const log = memoryLog();
		let ws: Connection | undefined;
		const drain = vi.fn<() => void>();
		await using server = await createTestServer({
			transport,
			log,
			wsOptions: { maxBackpressure: 100_000_000 },
			handler: { open: (connection) => void (ws = connection), drain: () => (drain(), act()) }
		});
		const victim = new Client(server.wsUrl, 'victim');
		await victim.hears('welcome');
		victim.ws.pause();
		while (ws!.getBufferedAmount() === 0) ws!.send('x'.repeat(1_000_000));
		victim.ws.resume();
		await until(() => expect(drain).toHaveBeenCalled());
		ws!.send('after');
		await until(() => expect(victim.texts.at(-1)).toBe('after'));
		expect(log.lines[0]![1]).toContain('The drain hook failed');
		victim.ws.terminate();
	});

	it.each(FAILURES)('when init %s, the server does not start and leaves the port', async (_how, act) => {
		const port = await freePort();
		await expect(createTestServer({ transport, port, handler: { init: act } })).rejects.not.toBeUndefined();
		await using again = await createTestServer({ transport, port });
		expect(again.port).toBe(port);
	});

	it.each(FAILURES)('when shutdown %s, the server ends all the same', async (_how, act) => {
		const log = memoryLog();
		const server = await createTestServer({ transport, log, handler: { shutdown: act } });
		const client = new Client(server.wsUrl, 'witness');
		await client.hears('welcome');
		await server.close();
		await until(() => expect(client.outcome).toBe('closed 1012'));
		expect(log.lines.map(([, message]) => message)).toEqual([expect.stringContaining('The shutdown hook failed')]);
	});
});

/** Looks more often than usual, because there are many of these tests. */
function until(check: () => void): Promise<void> {
	return vi.waitFor(check, { interval: 2 });
}
