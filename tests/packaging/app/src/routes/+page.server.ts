import { state } from '../state.ts';

export const load = () => ({ opened: state.opened });
