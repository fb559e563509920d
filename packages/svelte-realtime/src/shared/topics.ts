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
