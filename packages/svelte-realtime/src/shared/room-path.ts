/** Where the parts of a room are, below its own path. No export of a module can have such a name. */
export const roomParts = {
	data: '__data',
	presence: '__presence',
	cursors: '__cursors',
	action: (name: string): string => `__action/${name}`
} as const;

/** The path of the export that an address belongs to: `chat/desk` for the part `chat/desk/__data`. */
export function exportOf(path: string): string {
	const part = path.indexOf('/__');
	return part === -1 ? path : path.slice(0, part);
}
