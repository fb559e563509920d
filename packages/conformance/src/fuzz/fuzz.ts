import { randomInt } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { overWebSocket, WireClient } from '../wire/client.ts';
import { openRaw } from '../transport/raw.ts';
import { CORPUS } from './corpus.ts';
import { mutated } from './mutate.ts';
import { seeded } from './random.ts';

/** A running server with `wireHooks()` and the live module `wire`. */
export interface FuzzServer extends AsyncDisposable {
	readonly port: number;
	/** Of the endpoint. */
	readonly url: string;
	readonly origin: string;
	/** Live connections. */
	connections(): number;
	publish(topic: string, event: string, data: unknown): void;
	/** The messages of the log so far. */
	readonly lines: readonly string[];
}

export interface FuzzOptions {
	readonly name: string;
	create(): Promise<FuzzServer>;
	readonly conversations: number;
}

const AT_ONCE = 25;
const BATCH = 500;
const HONEST = 'fuzz-honest';
/** Bytes that a server may keep of so many strangers: caches that are full, and code that V8 compiled meanwhile. */
const KEPT = 12_582_912;

/** Has strangers talk to a server whose conversations have gone wrong, and looks after each batch whether anybody else notices. */
export function fuzzSuite({ name, create, conversations }: FuzzOptions): void {
	it(
		`${name} survives ${conversations.toLocaleString('en')} conversations that have gone wrong`,
		{ timeout: 60_000 + conversations * 20 },
		async () => {
			const seed = randomInt(2 ** 32);
			const random = seeded(seed);
			const prototypes = [Object.prototype, Array.prototype, Function.prototype].map((object) => Reflect.ownKeys(object));
			await using server = await create();
			const honest = new WireClient(await overWebSocket(server.url)('', { origin: server.origin }));
			await honest.next();
			honest.say({ type: 'subscribe', topic: HONEST, ref: 1 });
			expect(await honest.next()).toMatchObject({ type: 'subscribed' });

			let heap = 0;
			for (let done = 0; done < conversations; done += BATCH) {
				for (let begun = 0; begun < BATCH; begun += AT_ONCE) {
					await Promise.all(Array.from({ length: AT_ONCE }, () => talk(server.port, mutated(CORPUS, random))));
				}
				server.publish(HONEST, 'tick', done);
				honest.say({ rpc: 'wire/echo', id: `c${done}`, args: [done] });
				expect([seed, await honest.next(), await honest.next()]).toEqual([
					seed,
					expect.objectContaining({ topic: HONEST, event: 'tick', data: done }),
					{ topic: '__rpc', event: `c${done}`, data: { id: `c${done}`, ok: true, data: [done] } }
				]);
				await expect.poll(() => server.connections(), { timeout: 10_000 }).toBe(1);
				// What a server learns of its first strangers it keeps: compiled code, prefixes, caches.
				if (done < conversations / 2) heap = heapUsed();
			}

			honest.close();
			expect([Object.prototype, Array.prototype, Function.prototype].map((object) => Reflect.ownKeys(object))).toEqual(
				prototypes
			);
			expect([seed, heapUsed() - heap < KEPT]).toEqual([seed, true]);
			const broken = server.lines.filter((line) => /[\p{Cc}\u2028\u2029]/u.test(line));
			expect([seed, broken]).toEqual([seed, []]);
		}
	);
}

/** Says it all, and waits for the server to hang up. */
async function talk(port: number, bytes: Buffer): Promise<void> {
	const client = await openRaw(port);
	await client.send(bytes);
	client.end();
	await client.closed();
	// The app's own errors carry it, and no answer may.
	if (client.text.includes('hunter2')) throw new Error('An answer told what went wrong inside of the app.');
}

function heapUsed(): number {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('gc') as () => void;
	for (let times = 0; times < 3; times++) collect();
	return process.memoryUsage().heapUsed;
}
