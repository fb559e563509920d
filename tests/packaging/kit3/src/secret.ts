import { APP_SECRET } from '$app/env/private';

export const secret = APP_SECRET;
