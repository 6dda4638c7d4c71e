/** Variables that some shell lets nobody set: a command that is started through a shell cannot be given them. */
export const SHELL_NAMES = /^(_|PPID|UID|EUID|LINENO|OPTIND|SHELLOPTS|BASHOPTS|BASH_VERSINFO)$/;
