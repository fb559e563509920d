/** The statement that exports `value` as `name`, which may be `default`. */
export function exportLine(name: string, value: string): string {
	return name === 'default' ? `export default ${value};` : `export const ${name} = ${value};`;
}
