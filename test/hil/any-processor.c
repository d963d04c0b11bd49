/*
 * Put before the C library of the kernel of the tests. User-mode Linux 6.1 keeps 2,696 bytes of a processor's extended
 * registers, up to AVX-512; a processor with more of them (AMX) takes them back only whole, and no process would start.
 * Here what the kernel keeps is laid over the whole of what the process has. Programs ask for AMX before they use it, and
 * nothing in the guest does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* The kernel's own: it is one thread, and a processor's largest today is 11 KiB. */
static char whole[64 * 1024];

long ptrace(enum __ptrace_request request, ...)
{
  static long (*next)(enum __ptrace_request, ...);
  va_list arguments;
  va_start(arguments, request);
  pid_t pid = va_arg(arguments, pid_t);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);
  if (next == NULL) next = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
  if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE) {
    const struct iovec *kept = data;
    struct iovec all = {whole, sizeof whole};
    long status = next(PTRACE_GETREGSET, pid, address, &all);
    if (status < 0) return status;
    if (kept->iov_len < all.iov_len) {
      memcpy(whole, kept->iov_base, kept->iov_len);
      return next(request, pid, address, &all);
    }
  }
  return next(request, pid, address, data);
}
