import { appendFileSync, readFileSync } from 'node:fs';
import { live } from 'svelte-realtime/server';

/** What every instance of the app shares: a line for each entry. */
const file = (): string => process.env.LEDGER!;

export const entries = live.stream(
	'ledger',
	() =>
		readFileSync(file(), 'utf8')
			.split('\n')
			.filter(Boolean)
			.map((id) => ({ id })),
	{ merge: 'crud', key: 'id' }
);

export const append = live((ctx, id: string) => {
	appendFileSync(file(), `${id}\n`);
	ctx.publish('ledger', 'created', { id });
});
