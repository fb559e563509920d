export interface Note {
	readonly id: string;
	readonly text: string;
}
