import type { UpgradeDecision } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import { RefusedUpgrade, type TransportLaw } from './fixture.ts';
import { ACCEPT, defer, soon, start } from './server.ts';

type Headers = readonly (readonly [name: string, value: string])[];

/** Ways in which a decision is told, so that each law about decisions holds for all of them. */
const PACES: Readonly<Record<string, (decision: UpgradeDecision) => UpgradeDecision | Promise<UpgradeDecision>>> = {
	'at once': (decision) => decision,
	'in a promise': (decision) => Promise.resolve(decision),
	'after a while': (decision) => new Promise((resolve) => void setTimeout(() => resolve(decision), 20))
};

const OUTCOMES: Readonly<Record<string, UpgradeDecision | Error>> = {
	accepted: { accept: true, data: undefined, headers: [['x-late', '1']] },
	refused: { accept: false, status: 403, body: 'no' },
	rejected: new Error('the decision failed')
};

/** Headers that must not be written as they are, and one that may. */
const HOSTILE: Headers = [
	['x-good', 'as it is: é'],
	['x-lines', 'a\r\nx-injected: 1'],
	['x-feed', 'a\nx-injected: 1'],
	['x-return', 'a\rx-injected: 1'],
	['x-nul', 'a\0b'],
	['x-injected: 1\r\nx-name', 'a'],
	['x name', 'a'],
	['', 'a'],
	['x-beyond-latin1', '\u010a\u010d']
];

export function handshakeLaws(law: TransportLaw): void {
	law('shows the decision what the client sent', async (fixture) => {
		const server = await start(fixture);
		await server.connect('/ws?room=1&x=%20y', { 'X-Room': 'Kitchen', cookie: 'a=1; b=2' });
		const [request] = server.requests;
		expect(request!.url).toBe('/ws?room=1&x=%20y');
		expect([request!.header('x-room'), request!.header('cookie'), request!.header('x-absent')]).toEqual([
			'Kitchen',
			'a=1; b=2',
			''
		]);
		expect(request!.headers).toMatchObject({ 'x-room': 'Kitchen', cookie: 'a=1; b=2' });
		expect(Object.getPrototypeOf(request!.headers)).toBeNull();
		expect(request!.header('constructor')).toBe('');
		expect(request!.header('__proto__')).toBe('');
		expect(request!.remoteAddress).toBe('127.0.0.1');
		expect(request!.signal.aborted).toBe(false);
	});

	for (const [pace, tell] of Object.entries(PACES)) {
		for (const [outcome, decision] of Object.entries(OUTCOMES)) {
			law(`keeps a handshake readable that was ${outcome} ${pace}`, async (fixture) => {
				const server = await start(fixture, {
					upgrade: () => {
						if (!(decision instanceof Error)) return tell(decision);
						if (pace === 'at once') throw decision;
						return Promise.resolve(tell(ACCEPT)).then(() => Promise.reject(decision));
					}
				});
				await server.connect('/ws?q', { 'x-a': '1' }).then(
					({ peer }) => peer.drop(),
					(error: unknown) => expect(error).toBeInstanceOf(RefusedUpgrade)
				);
				await server.beat();
				const { url, header, headers, remoteAddress, signal } = server.requests[0]!;
				expect([url, header('x-a'), headers['x-a'], remoteAddress]).toEqual(['/ws?q', '1', '1', '127.0.0.1']);
				expect(signal.aborted).toBe(false);
			});
		}

		law(`opens a socket with the data of a decision made ${pace}`, async (fixture) => {
			const data = { of: 'the app' };
			const server = await start(fixture, {
				upgrade: () =>
					tell({
						accept: true,
						data,
						headers: [
							['X-Session', 'a b'],
							['set-cookie', 'a=1'],
							['set-cookie', 'b=2']
						]
					})
			});
			const { client, side } = await server.join();
			expect(side.data).toBe(data);
			expect(client.peer.headers).toMatchObject({ 'x-session': 'a b', 'set-cookie': 'a=1, b=2' });
			side.socket.send('hello');
			await soon(() => client.frames).toEqual(['hello']);
			expect(side.socket.remoteAddress).toBe('127.0.0.1');
		});

		law(`answers a refusal made ${pace} with its status, body and headers, and opens nothing`, async (fixture) => {
			const server = await start(fixture, {
				upgrade: () => tell({ accept: false, status: 401, body: 'Wer bist du? ü€', headers: [['WWW-Authenticate', 'Basic']] })
			});
			const refusal: unknown = await server.connect().catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(RefusedUpgrade);
			const { status, body, headers } = refusal as RefusedUpgrade;
			expect([status, body]).toEqual([401, 'Wer bist du? ü€']);
			expect(headers).toMatchObject({ 'www-authenticate': 'Basic', 'content-type': 'text/plain; charset=utf-8' });
			await server.beat();
			expect(server.sides).toEqual([]);
		});

		law(`answers 500 without the reason when the decision fails ${pace}`, async (fixture) => {
			const fail = (): never => {
				throw new Error('the secret reason');
			};
			const server = await start(fixture, {
				upgrade: () => (pace === 'at once' ? fail() : Promise.resolve(tell(ACCEPT)).then(fail))
			});
			const refusal: unknown = await server.connect().catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(RefusedUpgrade);
			const { status, body, headers } = refusal as RefusedUpgrade;
			expect(status).toBe(500);
			expect(body + JSON.stringify(headers)).not.toContain('secret');
			await server.beat();
			expect(server.sides).toEqual([]);
		});

		for (const accept of [true, false]) {
			law(
				`writes no header that breaks out of its line in ${accept ? 'an acceptance' : 'a refusal'} made ${pace}`,
				async (fixture) => {
					const server = await start(fixture, {
						upgrade: () =>
							tell(accept ? { accept, data: 0, headers: HOSTILE } : { accept, status: 403, body: '', headers: HOSTILE })
					});
					const headers = await server.connect().then(
						({ peer }) => peer.headers,
						(error: unknown) => (error as RefusedUpgrade).headers
					);
					expect(headers['x-good']).toBe('as it is: é');
					expect(Object.keys(headers).filter((name) => name.startsWith('x'))).toEqual(['x-good']);
				}
			);
		}
	}

	for (const [outcome, decision] of Object.entries(OUTCOMES)) {
		law(`lets a client leave before its handshake is ${outcome}`, async (fixture) => {
			const waiting = defer<UpgradeDecision>();
			let aborts = 0;
			const server = await start(fixture, {
				upgrade(request) {
					request.signal.addEventListener('abort', () => void aborts++);
					return waiting.promise;
				}
			});
			const leaving = new AbortController();
			const connecting = server.connect('/ws', {}, leaving.signal).catch((error: unknown) => error);
			await soon(() => server.requests.length).toBe(1);
			expect(aborts).toBe(0);
			leaving.abort();
			expect(await connecting).toBeInstanceOf(Error);
			await soon(() => aborts).toBe(1);
			if (decision instanceof Error) waiting.reject(decision);
			else waiting.resolve(decision);
			await server.beat();
			expect(server.sides).toEqual([]);
			expect(server.requests[0]!.signal.aborted).toBe(true);
			expect(server.requests[0]!.header('upgrade')).toBe(server.requests[0]!.headers['upgrade'] ?? '');
			expect(aborts).toBe(1);
		});

		law(`loses nothing of a client that leaves while its handshake is ${outcome}`, async (fixture) => {
			for (let round = 0; round < 10; round++) {
				const waiting = defer<UpgradeDecision>();
				const server = await start(fixture, { upgrade: () => waiting.promise });
				const leaving = new AbortController();
				const connecting = server.connect('/ws', {}, leaving.signal).catch(() => undefined);
				await soon(() => server.requests.length).toBe(1);
				leaving.abort();
				if (decision instanceof Error) waiting.reject(decision);
				else waiting.resolve(decision);
				(await connecting)?.peer.drop();
				await server.beat();
				for (const side of server.sides) await soon(() => side.ends).toEqual([[1006, '']]);
				await server.listener[Symbol.asyncDispose]();
			}
		});
	}

	law('never aborts the signal of a client that stayed', async (fixture) => {
		const leaving = new AbortController();
		const server = await start(fixture, { upgrade: async () => ACCEPT });
		const { peer } = await server.connect('/ws', {}, leaving.signal);
		leaving.abort();
		peer.drop();
		await soon(() => server.sides[0]?.ends.length).toBe(1);
		expect(server.requests[0]!.signal.aborted).toBe(false);
	});

	law('asks nothing about a client that left before it said anything', async (fixture) => {
		const server = await start(fixture);
		await expect(server.connect('/ws', {}, AbortSignal.abort())).rejects.toThrow();
		await server.beat();
		expect([server.requests, server.sides]).toEqual([[], []]);
	});

	law('decides on many handshakes at a time, in any order', async (fixture) => {
		const waiting = new Map<string, (decision: UpgradeDecision) => void>();
		const server = await start(fixture, {
			upgrade: ({ url }) => new Promise((resolve) => void waiting.set(url, resolve))
		});
		const urls = Array.from({ length: 20 }, (_, n) => `/ws?${n}`);
		const clients = urls.map((url) => server.connect(url).catch((error: unknown) => error as RefusedUpgrade));
		await soon(() => waiting.size).toBe(urls.length);
		for (const url of urls.toReversed()) {
			waiting.get(url)!(
				url.endsWith('3') ? { accept: false, status: 403, body: url } : { accept: true, data: url, headers: [['x-url', url]] }
			);
		}
		for (const [index, url] of urls.entries()) {
			const client = await clients[index]!;
			if (client instanceof RefusedUpgrade) expect(client.body).toBe(url);
			else expect(client.peer.headers['x-url']).toBe(url);
		}
		await soon(() => server.sides.length).toBe(18);
	});

	law('names the subprotocol that the app chose of those offered, or else the first', async (fixture) => {
		let chosen: string | undefined;
		const server = await start(fixture, {
			upgrade: () => ({ accept: true, data: 0, headers: chosen === undefined ? [] : [['Sec-WebSocket-Protocol', chosen]] })
		});
		const named = async (offer: string | undefined, choice?: string): Promise<string | undefined> => {
			chosen = choice;
			const { peer } = await server.connect('/ws', offer === undefined ? {} : { 'sec-websocket-protocol': offer });
			return peer.headers['sec-websocket-protocol'];
		};
		expect(await named('v2, v1')).toBe('v2');
		expect(await named('v2, v1', 'v1')).toBe('v1');
		expect(await named('v2, v1', 'v3')).toBe('v2');
		expect(await named(undefined)).toBeUndefined();
		expect(await named(undefined, 'v1')).toBeUndefined();
	});

	law('takes its path alone, exactly', async (fixture) => {
		const server = await start(fixture);
		for (const url of ['/', '/w', '/ws/', '/ws/a', '/wsx', '/WS', '/%77s', '//ws', '/?/ws', '/ws%3Fa']) {
			await expect(server.connect(url), url).rejects.toBeInstanceOf(RefusedUpgrade);
		}
		expect(server.requests).toEqual([]);
		for (const url of ['/ws', '/ws?', '/ws?/other', '/ws??a']) await server.connect(url);
		expect(server.requests).toHaveLength(4);
	});

	for (const path of ['/:name', '/*', '/a/:b/*', '/']) {
		law(`takes the path ${path} for no pattern`, async (fixture) => {
			const server = await start(fixture, { options: { path } });
			for (const url of ['/x', '/a/b/c', '/ws']) await expect(server.connect(url), url).rejects.toBeInstanceOf(RefusedUpgrade);
			expect(server.requests).toEqual([]);
			await server.connect();
			expect(server.requests).toHaveLength(1);
		});
	}

	const LIMITS_OUT_OF_RANGE = {
		path: ['', 'ws', '/a b', '/a?b', '/a#b'],
		idleTimeout: [-1, 1, 7, 961, 8.5, Number.NaN, Number.POSITIVE_INFINITY],
		maxPayloadLength: [0, -1, 0.5, 2 ** 31, Number.NaN],
		maxBackpressure: [0, -1, 0.5, 2 ** 31, Number.NaN]
	} as const;
	for (const [name, values] of Object.entries(LIMITS_OUT_OF_RANGE)) {
		law(`refuses to listen with a ${name} that is out of range`, async (fixture) => {
			for (const value of values) {
				const starting = start(fixture, { options: { [name]: value } });
				await expect(starting, String(value)).rejects.toThrow(RangeError);
				await expect(starting).rejects.toThrow(name);
			}
		});
	}
}
