/** What a package takes from the repository as it is. */

/** Where the files of the repository lie in the package, and by which mode. */
export const plainFiles: readonly (readonly [from: string, to: string, mode?: number])[] = [
  ["scripts/deb/launcher", "usr/bin/scanbox", 0o755],
  ["systemd/scanbox.service", "usr/lib/systemd/system/scanbox.service"],
  ["systemd/scanbox.sysusers.conf", "usr/lib/sysusers.d/scanbox.conf"],
  ["systemd/scanbox.tmpfiles.conf", "usr/lib/tmpfiles.d/scanbox.conf"],
  ["systemd/scanbox.modules-load.conf", "usr/lib/modules-load.d/scanbox.conf"],
  ["systemd/scanbox.journald.conf", "usr/lib/systemd/journald.conf.d/scanbox.conf"],
  ["systemd/scanbox.watchdog.conf", "usr/lib/systemd/system.conf.d/scanbox-watchdog.conf"],
  ["systemd/60-scanbox.rules", "usr/lib/udev/rules.d/60-scanbox.rules"],
  ["device.config.json", "usr/share/doc/scanbox/examples/device.config.json"],
  ["README.md", "usr/share/doc/scanbox/README.md"],
  ["SECURITY.md", "usr/share/doc/scanbox/SECURITY.md"],
  ["ARCHITECTURE.md", "usr/share/doc/scanbox/ARCHITECTURE.md"],
  ["SAFETY.md", "usr/share/doc/scanbox/SAFETY.md"],
  ["src/commands/status.schema.json", "usr/share/doc/scanbox/schemas/status.schema.json"],
  ["src/reporting/tx-event.schema.json", "usr/share/doc/scanbox/schemas/tx-event.schema.json"],
  ["scripts/deb/lintian-overrides", "usr/share/lintian/overrides/scanbox"],
];
