import type { Context } from '../../define/context.ts';
import { composer } from '../../runtime/compose.ts';
import type { Feature, StepFeature } from '../../runtime/host.ts';
import { denial } from '../../runtime/pipeline.ts';
import { parseWith } from '../../runtime/schema.ts';
import { follow, nextPage } from './follow.ts';
import { LiveError } from '../../shared/error.ts';
import { KeptTopics } from './kept-topics.ts';
import { MissingKeys } from './missing-keys.ts';
import { Reloads } from './reloads.ts';
import { dataOf } from './page.ts';
import { Plan } from './plan.ts';
import { SlowTopics } from './slow-topics.ts';
import { topicOf } from './topic.ts';

/** A closed gate: an answer without a topic. */
const GATED = { fields: { data: null, gated: true }, grant: () => true, undo: () => {} };

/**
 * `live.stream(topic, load, options)`, in wrappers of these kinds: wrappers, arguments, gates, topic, access, subscription, loader,
 * in this order.
 */
export function createStream(steps: readonly StepFeature[]): Feature<'stream'> {
	const compose = composer('createStream', steps);
	return {
		kind: 'stream',
		install(host, entry) {
			const plan = new Plan(host, entry, compose);
			const { definition } = plan;
			const reloads = new Reloads(plan);
			const kept = new KeptTopics(plan);
			const slow = new SlowTopics(plan);
			const missing = new MissingKeys(plan);
			return {
				topics: plan.owned,
				async subscribe(context, given, request) {
					const args = await readArgs(plan, await plan.admit(context, ...given));
					if (!(await isOpen(plan, context, args))) return GATED;
					const topic = topicOf(definition, plan, context, args);
					await allow(plan, context, args);
					admit(plan, context);
					const granted = { plan, reloads, kept, slow, missing, topic, context, args, request };
					return context.cursor === null ? follow(granted) : nextPage(granted);
				},
				async load(context, given) {
					const args = await readArgs(plan, await plan.read(context, ...given));
					if (!(await isOpen(plan, context, args))) return null;
					await allow(plan, context, args);
					const loaded = await plan.load(context, ...args);
					return plan.seen(dataOf(loaded), { context, schemaVersion: undefined });
				},
				[Symbol.dispose]() {
					reloads[Symbol.dispose]();
					kept[Symbol.dispose]();
					slow[Symbol.dispose]();
					missing[Symbol.dispose]();
				}
			};
		}
	};
}

/** The arguments, as the schema leaves them. */
async function readArgs({ options }: Plan, given: readonly unknown[]): Promise<readonly unknown[]> {
	if (!options.args) return given;
	const parsed = await parseWith(options.args, given);
	return Array.isArray(parsed) ? parsed : given;
}

async function isOpen({ definition }: Plan, context: Context, args: readonly unknown[]): Promise<boolean> {
	for (const gate of definition.gates) if ((await gate(context, ...args)) !== true) return false;
	return true;
}

async function allow({ options }: Plan, context: Context, args: readonly unknown[]): Promise<void> {
	const allows = options.access ?? options.filter;
	if (allows && (await allows(context, ...args)) !== true) throw denial(context, undefined);
}

/** Refuses while the server sheds the class of the stream. */
function admit({ host: { app }, options: { classOfService } }: Plan, context: Context): void {
	if (classOfService === undefined) return;
	if (app.admission && !Object.hasOwn(app.admission.classes, classOfService))
		throw new LiveError('INVALID_REQUEST', `There is no class of service ${classOfService}.`);
	if (context.shed(classOfService)) throw new LiveError('OVERLOADED');
}
