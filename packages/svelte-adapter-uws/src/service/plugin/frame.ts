import type { MessageContext } from '../../contract/hooks.ts';

/**
 * An application frame whose type begins with `prefix`, as the browser halves of the plugins send them; `undefined` for every other
 * one, which is told by its first characters. Its members come from outside and may be anything.
 */
export function readFrame({ text }: Pick<MessageContext, 'text'>, prefix: string): Readonly<Record<string, unknown>> | undefined {
	if (!text.startsWith(`{"type":"${prefix}`)) return undefined;
	try {
		return JSON.parse(text) as Record<string, unknown>;
	} catch {
		return undefined;
	}
}
