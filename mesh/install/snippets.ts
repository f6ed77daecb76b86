import { programsIn, socketDirectories } from './places.ts';
import type { InstallSettings } from './settings.ts';

const [outer, inner] = socketDirectories;

/** For systemd-sysusers: the user that the agent runs as, and a group of that name. */
export const sysusersText = (user: string): string => `# Made by \`assay mesh install\`.
u ${user} - "SPIRE agent of this mesh node" - -
`;

/**
 * For systemd-tmpfiles: the directory of the socket is there before anybody could make it who is not root. With the colon, what is there already is left
 * as it is, and the unit refuses what is not root's; versions before 251 do not know it, and leave it all to the unit. The last column keeps them from
 * being cleaned away.
 */
export const tmpfilesText = ({ user, prefix }: Pick<InstallSettings, 'user' | 'prefix'>): string =>
  `# Made by \`assay mesh install\`. What is there already is left as it is: ${programsIn(prefix).socketDirectory} says whether it may stay.
d ${outer} :0755 :root :root -
d ${inner} :0755 :${user} :root -
`;

/**
 * Run before each start of the agent, as root. What belongs to somebody else is refused and not taken over: who has made it may have left something in it,
 * and has seen to it that the agent was asked for in vain.
 */
export const socketDirectoryScript = `#!/bin/sh
# Made by \`assay mesh install\`, and run before each start of the agent, as root, with the user of the agent: has the directory of its socket made.
# Whoever can put a socket of his own there is taken for the agent: he is asked for identities, and says whom to trust.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022

refuse() {
  echo "spire-agent: $1, so that somebody else could take the place of the agent there. See who made it and why, remove it, and start the agent again." >&2
  exit 1
}

# Is that a directory of that user, and closed to others?
check() {
  if [ -L "$1" ]; then refuse "$1 is a link"; fi
  if [ ! -d "$1" ]; then refuse "$1 is no directory"; fi
  if [ "$(stat -c %u "$1")" != "$2" ]; then refuse "$1 belongs to user $(stat -c '%U (uid %u)' "$1") and not to uid $2"; fi
  case "$(stat -c %a "$1")" in
    *[2367]? | *[2367]) refuse "$1 can be written to by others" ;;
  esac
}

# In /tmp nobody can move what is root's; below it, nobody else can make anything.
mkdir ${outer} 2>/dev/null || true
check ${outer} 0
agent=$(id -u "$1")
mkdir ${inner} 2>/dev/null || true
# As a run left it that was ended in between.
if [ ! -L ${inner} ] && [ "$(stat -c %u ${inner})" = 0 ]; then chown "$1" ${inner}; fi
check ${inner} "$agent"
`;
