/** The statement that exports `value` as `name`, which may be `default`. */
export function exportLine(name: string, value: string): string {
	return name === 'default' ? `export default ${value};` : `export const ${name} = ${value};`;
}

/** An object with what `make` gives for the quoted path of each window. */
export function windowsOf(
	module: string,
	{ name, windows }: { readonly name: string; readonly windows: readonly string[] },
	make: (path: string) => string
): string {
	const members = windows.map(
		(window) => `${JSON.stringify(window)}: ${make(JSON.stringify(`${module}/${name}/__window/${window}`))}`
	);
	return `{ ${members.join(', ')} }`;
}
