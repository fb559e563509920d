import { LiveError } from './error.ts';

/** Throws `INVALID_TOPIC` for the names of the framework. */
export function refuseReserved(topic: unknown): void {
	if (typeof topic === 'string' && topic.startsWith('__')) {
		throw new LiveError(
			'INVALID_TOPIC',
			`${topic} is a name of the framework. Choose one that does not start with __, or use platform.publish on purpose.`
		);
	}
}

/** Reads a topic pattern: `*` stands for one or more characters, everything else for itself. */
export function topicPattern(pattern: string): (topic: string) => boolean {
	if (!pattern.includes('*')) return (topic) => topic === pattern;
	const literal = pattern.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`));
	const expression = new RegExp(`^${literal.join('.+')}$`, 's');
	return (topic) => expression.test(topic);
}

/** Stands between a topic and the number of one of its views, in the name that the events of that view travel under. */
export const VIEW_MARK = '~~';

/** The topic that a view shows; any other topic as it is. */
export function topicOfView(topic: string): string {
	const at = topic.indexOf(VIEW_MARK);
	return at < 0 ? topic : topic.slice(0, at);
}
