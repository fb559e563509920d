import { describe, it } from 'vitest';

/** One implementation of a contract, as a suite sees it. */
export interface Subject<Fixture> {
	readonly name: string;
	/** Makes what one test needs; disposed after that test. */
	create(): Promise<Fixture & AsyncDisposable>;
	/** Tests that this implementation cannot pass, with the reason. Each must fail, and be the name of a test. */
	readonly knownGaps?: Readonly<Record<string, string>>;
}

/** Adds one law to a suite. */
export type Law<Fixture> = (name: string, check: (fixture: Fixture) => Promise<void>) => void;

/**
 * A suite that any number of implementations are bound to. A known gap runs as expected to fail, so that it breaks once it
 * is closed; a gap that names no test breaks as well.
 *
 * @example
 * export const clockSuite = defineSuite<{ clock: Clock }>('clock', (law) => {
 * 	law('never runs backwards', async ({ clock }) => { … });
 * });
 * // in the package that implements it
 * clockSuite({ name: 'system', create: async () => … });
 */
export function defineSuite<Fixture>(name: string, define: (law: Law<Fixture>) => void): (subject: Subject<Fixture>) => void {
	return ({ name: subject, create, knownGaps = {} }) => {
		describe(`${name}: ${subject}`, () => {
			const names = new Set<string>();
			define((law, check) => {
				names.add(law);
				const run = async (): Promise<void> => {
					await using fixture = await create();
					await check(fixture);
				};
				const reason = knownGaps[law];
				if (reason === undefined) it(law, run);
				else it.fails(`${law} (known gap: ${reason})`, run);
			});
			for (const gap of Object.keys(knownGaps)) {
				if (!names.has(gap))
					throw new Error(`${subject}: the known gap ${JSON.stringify(gap)} names no test of the ${name} suite.`);
			}
		});
	};
}
