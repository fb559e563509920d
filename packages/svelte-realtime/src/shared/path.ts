const PATH = /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)+$/;

/** Whether `path` names an export of a live module: `<module>/<export>`, in two or more segments of letters, digits, `_` and `-`. */
export function isPath(path: string): boolean {
	return path.length <= 256 && PATH.test(path);
}

/** The module of a path: everything before its last segment. */
export function moduleOf(path: string): string {
	return path.slice(0, path.lastIndexOf('/'));
}
