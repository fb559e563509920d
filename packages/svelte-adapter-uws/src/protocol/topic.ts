/** Longest topic in UTF-16 units. */
export const MAX_TOPIC_LENGTH = 256;

/** True for names of the framework and its plugins: clients cannot subscribe to them by themselves. */
export function isReservedTopic(topic: string): boolean {
	return topic.startsWith('__');
}

/** Where `name` holds a character that would have to be escaped in JSON: a control character, `"` or `\`. -1 when it holds none. */
export function unsafeIndex(name: string): number {
	for (let i = 0; i < name.length; i++) {
		const unit = name.charCodeAt(i);
		if (unit < 0x20 || unit === 0x22 || unit === 0x5c) return i;
	}
	return -1;
}

/** Whether `topic` has 1 to 256 units and none that JSON escapes. */
export function isTopic(topic: unknown): topic is string {
	return typeof topic === 'string' && topic.length > 0 && topic.length <= MAX_TOPIC_LENGTH && unsafeIndex(topic) < 0;
}

/** Whether a client may ask for `topic`; `allowNonAscii` admits units above 0x7E. Reserved names are a separate question. */
export function isWireTopic(topic: unknown, allowNonAscii = false): topic is string {
	if (!isTopic(topic)) return false;
	if (allowNonAscii) return true;
	for (let i = 0; i < topic.length; i++) if (topic.charCodeAt(i) > 0x7e) return false;
	return true;
}
