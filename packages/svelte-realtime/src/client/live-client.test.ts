import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventOf, keyedMerges, unordered } from '../../test/client/histories.ts';
import { scripted, turn } from '../../test/client/scripted-client.ts';
import { SimulatedServer } from '../../test/client/simulated-server.ts';
import type { StreamEvent } from './stream/merge.ts';
import { Stream } from './stream/stream.ts';

type Step =
	| 'read'
	| 'load'
	| 'answer'
	| 'drop'
	| 'open'
	| 'mount'
	| 'unmount'
	| 'retry'
	| 'paint'
	| { readonly deliver: number }
	| { readonly wait: number }
	| StreamEvent;

const steps = keyedMerges.chain((merge) =>
	fc.record({
		merge: fc.constant(merge),
		steps: fc.array(
			fc.oneof(
				{ weight: 5, arbitrary: fc.constantFrom<Step>('read', 'load', 'answer', { deliver: 1 }, { deliver: 3 }) },
				{ weight: 3, arbitrary: eventOf(merge) },
				{ weight: 2, arbitrary: fc.constantFrom<Step>('open', 'mount', 'unmount', 'paint') },
				{ weight: 1, arbitrary: fc.constantFrom<Step>('drop', 'retry', 'retry', { wait: 100 }, { wait: 31_000 }) }
			),
			{ minLength: 10, maxLength: 80 }
		),
		/** Whether events are shown when the page is painted, rather than at once. */
		isPainted: fc.boolean(),
		/** Whether somebody watches at the end, and what happens then. */
		watched: fc.boolean(),
		last: fc.array(eventOf(merge), { maxLength: 3 })
	})
);

const joined = (key: number, n: number): StreamEvent => ({ event: 'join', data: { key, n } });
/** What an old subscription had on its way, or one that was given up, comes with the answer of the next load. */
const STALE: readonly Step[][] = [
	['open', 'mount', 'read', 'load', 'answer', { deliver: 3 }, joined(1, 0), joined(1, 0), 'unmount', 'read', joined(1, 1)],
	['open', 'mount', 'read', joined(1, 0), { wait: 31_000 }, { deliver: 3 }, 'read', { wait: 100 }, joined(1, 1)]
];

type Given = typeof steps extends fc.Arbitrary<infer One> ? One : never;

it('law 3: whatever happens in whatever order, a stream ends up with the value of the server, and leaves nothing behind', async () => {
	await fc.assert(
		fc.asyncProperty(steps, async (given) => {
			const frames: (() => void)[] = [];
			const paint = (): void => {
				for (const run of frames.splice(0)) run();
			};
			const { client, clock, live, host } = scripted({}, given.isPainted ? (run) => void frames.push(run) : undefined);
			const server = new SimulatedServer(client, given.merge);
			const stream = new Stream<unknown>(host, 'board/items', [], { merge: given.merge });
			let value: unknown;
			let unsubscribe: (() => void) | undefined;
			const mount = (): void => void (unsubscribe ??= stream.subscribe((next) => (value = next)));
			const unmount = (): void => {
				unsubscribe?.();
				unsubscribe = undefined;
			};

			for (const step of given.steps) {
				if (step === 'mount') mount();
				else if (step === 'unmount') unmount();
				else if (step === 'retry') stream.retry();
				else if (step === 'paint') paint();
				else if (typeof step === 'string') server[step]();
				else if ('deliver' in step) server.deliver(step.deliver);
				else if ('wait' in step) clock.advance(step.wait);
				else server.happen(step);
				await turn();
			}

			server.open();
			if (given.watched) {
				mount();
				await turn();
				for (let i = 0; i < 1000 && stream.status.value !== 'connected'; i++) {
					server.finish();
					clock.advance(1000);
					await turn();
				}
				server.finish();
				given.last.forEach((event) => server.happen(event));
				server.finish();
				paint();
				expect(stream.status.value).toBe('connected');
				expect(unordered(value)).toEqual(unordered(server.value));
			}

			unmount();
			await turn();
			server.finish();
			expect(server.joined).toBe(false);
			clock.advance(60_000);
			live.close();
			expect([clock.pending, client.listeners, live.running.size]).toEqual([0, 0, 0]);
		}),
		{
			numRuns: 2_000,
			examples: STALE.map((stale): [Given] => [
				{ merge: 'presence', steps: [...stale], isPainted: false, watched: true, last: [] }
			])
		}
	);
});
