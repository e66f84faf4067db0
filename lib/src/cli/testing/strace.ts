/** What a process did to the world outside its folder, read from `strace -f` output. */

/** The system calls to record. */
export const straceCalls =
  "%network,open,openat,openat2,creat,mkdir,mkdirat,mknod,rename,renameat,renameat2";

/** Where name resolution begins; no program opens these unless it looks a host up. */
const resolverFiles = /"\/etc\/(resolv\.conf|hosts|nsswitch\.conf|host\.conf|gai\.conf)"/;

const creates = /\b(?:open\w*\(.*\bO_CREAT\b|creat\(|mkdir(?:at)?\(|mknod\(|rename\w*\()/;

/**
 * Lines of calls that use the network, look a name up, or create a file or folder whose path holds
 * none of `allowed`. Sockets between processes of this machine (AF_UNIX) are left out, and so are calls
 * that failed to create what was there.
 */
export function straceFindings(output: string, allowed: readonly string[]): string[] {
  return output.split("\n").filter((line) => {
    if (/\bAF_(INET6?|NETLINK|PACKET)\b/.test(line)) return true;
    if (resolverFiles.test(line)) return true;
    return creates.test(line) && !allowed.some((folder) => line.includes(folder));
  });
}
