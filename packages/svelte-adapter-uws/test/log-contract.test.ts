import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, expect, it, vi } from 'vitest';
import { COOKIE_WARNING, setsCookieOnUpgrade } from '../src/build/cookie-scan.ts';
import { connect } from '../src/client/connect.ts';
import type { Connection } from '../src/contract/connection.ts';
import { on } from '../src/client/store/on.ts';
import type { Log } from '../src/contract/log.ts';
import { Sequencer } from '../src/core/sequencer.ts';
import { SLOT_TIMES } from '../src/host/cluster/slot.ts';
import { resolveWebSocketOptions } from '../src/host/options.ts';
import { createTestServer } from '../src/host/testing.ts';
import { upgradeResponse } from '../src/upgrade-response.ts';
import { BrowserSocket, openClient, startClient } from './support/browser.ts';
import { startCore } from './support/core.ts';
import { memoryLog, type Line } from './support/log.ts';
import { rejection, serve, slot, visit } from './support/spoken.ts';

/** What operators look for in a log, and apps in an error, with what brings it about. */
interface Contract {
	/** An error that an app gets counts as one that is logged. */
	readonly level: keyof Log;
	/** All of them, in one entry. */
	readonly says: readonly (string | RegExp)[];
	/** How many such entries there are; default 1. */
	readonly times?: number;
	readonly provoke: () => Promise<readonly Line[]> | readonly Line[];
}

const SECRET = 'hunter2';
const fail = (): never => {
	throw new Error(SECRET);
};

const directory = mkdtempSync(join(tmpdir(), 'log-contract-'));
afterAll(() => rmSync(directory, { recursive: true }));

const CONTRACT: Readonly<Record<string, Contract>> = {
	'the app is initialised': { level: 'info', says: [/^App initialised in \d+ ms$/], provoke: () => serve({ directory }) },
	'the files are read': { level: 'info', says: [/^0 static paths read in \d+ ms$/], provoke: () => serve({ directory }) },
	'the endpoint is there': {
		level: 'info',
		says: [/WebSocket endpoint registered at \/ws$/],
		provoke: () => serve({ directory })
	},
	'the endpoint is elsewhere': {
		level: 'info',
		says: ["connect({ path: '/live' })"],
		provoke: () => serve({ directory, options: "{ websocket: { path: '/live' } }" })
	},
	'clients can authenticate': {
		level: 'info',
		says: ['Authentication endpoint at /__ws/auth'],
		provoke: () => serve({ directory, hooks: '{ authenticate() {} }' })
	},
	'the server listens': {
		level: 'info',
		says: [/Listening on http:\/\/127\.0\.0\.1:[1-9]\d*/],
		provoke: () => serve({ directory })
	},
	'the server cannot listen': {
		level: 'error',
		says: ['did not start', /127\.0\.0\.1:\d+/],
		async provoke() {
			const other = createServer();
			await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
			const lines = await serve({ directory, env: { PORT: String((other.address() as AddressInfo).port) } });
			other.close();
			expect(lines.at(-1)).toEqual(['debug', 'exit 1']);
			return lines;
		}
	},
	'the server refuses to start': {
		level: 'error',
		says: [
			'client chooses both',
			'ORIGIN',
			'HOST_HEADER',
			'SSL_CERT and SSL_KEY',
			'upgrade hook',
			'allowedOrigins',
			'unsafeSameOrigin'
		],
		async provoke() {
			const lines = await serve({ directory, env: { ORIGIN: undefined } });
			expect(lines.at(-1)).toEqual(['debug', 'exit 1']);
			return lines;
		}
	},
	'nothing says the origin of an app without an endpoint': {
		level: 'warn',
		says: ['http and the Host of each request', 'Set ORIGIN'],
		provoke: () => serve({ directory, options: '{ websocket: false }', env: { ORIGIN: undefined } })
	},
	'a hook has no such name': {
		level: 'warn',
		says: ['opne', 'open, message'],
		provoke: () => serve({ directory, hooks: '{ opne() {} }' })
	},
	'an option has no such name': {
		level: 'warn',
		says: ['websocket.idleTimout', 'Did you mean websocket.idleTimeout?'],
		provoke: () => serve({ directory, options: '{ websocket: { idleTimout: 60 } }' })
	},
	'a variable has no such name': {
		level: 'warn',
		says: ['APP_PROT', 'Did you mean APP_PORT?'],
		provoke: () =>
			serve({
				directory,
				options: "{ envPrefix: 'APP_' }",
				env: { APP_PROT: '1', APP_PORT: '0', APP_HOST: '127.0.0.1', APP_TRANSPORT: 'node', APP_ORIGIN: 'http://a.example' }
			})
	},
	'a cookie on the 101, at run time': {
		level: 'warn',
		says: ['cookie', '101', 'authenticate'],
		provoke: () => visit({ upgrade: () => upgradeResponse({}, { 'set-cookie': 'a=1' }) })
	},
	'a cookie on the 101, in a build': {
		level: 'warn',
		says: ['cookie', '101', 'authenticate'],
		provoke() {
			const file = join(directory, 'hooks.js');
			writeFileSync(file, "export const upgrade = () => upgradeResponse({}, { 'set-cookie': 'a=1' });");
			return setsCookieOnUpgrade(file) ? [['warn', COOKIE_WARNING]] : [];
		}
	},
	'user data holds what looks like a secret': {
		level: 'warn',
		says: ['"apiToken"'],
		provoke: () => visit({ upgrade: () => ({ apiToken: 1 }) })
	},
	'there are a million topics': {
		level: 'warn',
		says: ['1000000', '"busy" (3)'],
		provoke() {
			const log = memoryLog();
			const sequencer = new Sequencer('e', log, () => {});
			for (let n = 0; n < 3; n++) sequencer.next('busy');
			for (let n = 0; n < 1_000_001; n++) sequencer.next(`t${n}`);
			return log.lines;
		}
	},
	'a topic is published too often': {
		level: 'warn',
		says: ['"busy"', /\b200 times/, /bytes a second/],
		times: 2,
		async provoke() {
			const { pressure } = resolveWebSocketOptions({ pressure: { topicPublishRatePerSec: 100 } }, fail);
			if (!pressure) return [];
			const server = await startCore(
				{},
				{ pressure: { options: pressure, memory: () => ({ heapUsed: 1, heapLimit: 100, resident: 1 }) } }
			);
			// Once a minute.
			for (let second = 0; second <= 60; second++) {
				for (let n = 0; n < 200; n++) server.platform.publish('busy', 'e');
				server.clock.pass(1000);
			}
			return server.log.lines;
		}
	},
	'an event is larger than browsers take': {
		level: 'warn',
		says: ['"big"', /1048\d{3} characters/],
		async provoke() {
			const { platform, log } = await startCore();
			for (let n = 0; n < 2; n++) platform.publish('t', 'big', 'x'.repeat(1_048_576));
			return log.lines;
		}
	},
	'a filter of sendTo is asynchronous': {
		level: 'error',
		says: ['sendTo', 'promise', 'no'],
		async provoke() {
			const server = await startCore();
			await server.join();
			for (let n = 0; n < 2; n++)
				expect(server.platform.sendTo((async () => true) as unknown as () => boolean, 't', 'e')).toBe(0);
			return server.log.lines;
		}
	},
	'a hook fails': {
		level: 'error',
		says: ['message hook', 'request id', SECRET],
		async provoke() {
			const server = await startCore({ message: fail });
			const client = await server.join({ 'x-request-id': 'id of a request' });
			client.say('anything');
			return server.log.lines;
		}
	},
	'the upgrade hook fails': {
		level: 'error',
		says: ['upgrade hook', SECRET],
		times: 2,
		async provoke() {
			const lines = await visit({ upgrade: fail });
			expect(lines.filter(([level, text]) => level === 'info' && !text.includes(SECRET))).toHaveLength(2);
			return lines;
		}
	},
	'the authenticate hook fails': {
		level: 'error',
		says: ['authenticate hook', SECRET],
		async provoke() {
			const log = memoryLog();
			await using server = await createTestServer({ handler: { authenticate: fail }, log });
			const headers = { 'x-requested-with': 'XMLHttpRequest' };
			const answer = await fetch(`${server.url}/__ws/auth`, { method: 'POST', headers });
			expect([answer.status, (await answer.text()).includes(SECRET)]).toEqual([500, false]);
			return log.lines;
		}
	},
	'a worker does not answer': {
		level: 'error',
		says: ['Worker 3', '4711', 'did not become ready'],
		provoke() {
			const { clock, log } = slot();
			clock.advance(SLOT_TIMES.startMs);
			return log.lines;
		}
	},
	'a worker ends': {
		level: 'error',
		says: ['Worker 3', 'exit code 7', '100 ms', 'attempt 1 of 50'],
		provoke() {
			const { log, end } = slot();
			end();
			return log.lines;
		}
	},
	'workers end again and again': {
		level: 'error',
		says: ['Worker 3', '50 restarts', 'giving up'],
		provoke() {
			const { clock, log, end } = slot();
			for (let n = 0; n <= SLOT_TIMES.attempts; n++) {
				end();
				clock.advance(SLOT_TIMES.longestDelayMs);
			}
			expect(log.lines.at(-1)).toEqual(['info', 'gave up']);
			return log.lines;
		}
	},
	'a client may not subscribe': {
		level: 'warn',
		says: ['room', 'FORBIDDEN'],
		provoke() {
			const { browser, client } = openClient();
			client.subscribe('room');
			browser.socket.receive({ type: 'subscribe-denied', topic: 'room', reason: 'FORBIDDEN', ref: 1 });
			return browser.log.lines;
		}
	},
	'a client queues too much': {
		level: 'warn',
		says: ['queue full', '1000'],
		provoke() {
			const { browser, client } = startClient();
			for (let n = 0; n <= 1000; n++) client.sendQueued('1');
			return browser.log.lines;
		}
	},
	'a client gets a frame that is too large': {
		level: 'error',
		says: ['1048577', 'maxMessageLength'],
		provoke() {
			const { browser } = openClient();
			browser.socket.receive('x'.repeat(1_048_577));
			return browser.log.lines;
		}
	},
	'options of connect come too late': {
		level: 'warn',
		says: ['connect()', 'options ignored'],
		provoke() {
			const log = memoryLog();
			vi.spyOn(console, 'warn').mockImplementation(log.warn);
			vi.stubGlobal('location', { protocol: 'http:', host: 'a.example' });
			vi.stubGlobal('WebSocket', BrowserSocket);
			on('topic').subscribe(() => {});
			connect({ path: '/late' }).close();
			vi.unstubAllGlobals();
			vi.restoreAllMocks();
			return log.lines;
		}
	},
	'a client does not reply': {
		level: 'error',
		says: [/^request timed out$/],
		async provoke() {
			const { platform, clock, join } = await startCore();
			const { events } = await join();
			const request = rejection(platform.request(events as unknown as Connection, 'question'));
			clock.pass(5_000);
			return request;
		}
	},
	'a client leaves that was asked': {
		level: 'error',
		says: [/^connection closed$/],
		async provoke() {
			const { platform, join } = await startCore();
			const client = await join();
			const request = rejection(platform.request(client.events as unknown as Connection, 'question'));
			client.leave();
			return request;
		}
	}
};

it.each(Object.entries(CONTRACT))('says it when %s', async (_, { level, says, times = 1, provoke }) => {
	const lines = await provoke();
	const entries = lines.map(
		([at, message, details]) => [at, details === undefined ? message : `${message} ${inspect(details)}`] as const
	);
	const hits = entries.filter(
		([at, text]) => at === level && says.every((part) => (typeof part === 'string' ? text.includes(part) : part.test(text)))
	);
	expect(hits, JSON.stringify(entries)).toHaveLength(times);
});
