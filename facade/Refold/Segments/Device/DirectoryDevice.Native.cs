// The calls of the operating system that .NET does not have: opening relative to a directory, locks that no switch turns off, identities
// of files, flushing a directory. Called by DirectoryDevice only.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Refold.Segments;

public sealed partial class DirectoryDevice
{
    /// <summary>Which file something is, whatever its name.</summary>
    private readonly record struct Identity(ulong Device, ulong Inode);

    /// <summary>Calls by file handle or path; each failure is an exception that names the error.</summary>
    private static class Native
    {
        /// <summary>O_RDWR.</summary>
        public const int ReadWrite = 2;

        /// <summary>O_CREAT of Linux.</summary>
        public const int Creating = 0x40;

        /// <summary>O_CREAT and O_EXCL of Linux.</summary>
        public const int CreateNew = Creating | 0x80;

        /// <summary>LOCK_SH, LOCK_EX, and LOCK_NB: the same on every Unix.</summary>
        public const int SharedLock = 1, ExclusiveLock = 2, WithoutWaiting = 4;

        private const int Unlocked = 8;

        private const int NotPermitted = 1, NotThere = 2, Interrupted = 4, BadDescriptor = 9, AccessDenied = 13, NoDirectory = 20,
            Invalid = 22, NotSupported = 95;

        private const int CurrentDirectory = -100, EmptyPath = 0x1000, InodeWanted = 0x100, ReadableByAll = 0x1B6;

        // Of Linux, macOS, FreeBSD: without it a lock would live on in the processes that this one starts.
        private static readonly int CloseOnExec =
            OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : 0x100000;

        /// <summary>Opens a file or directory; made files may be read by all whom the process lets.</summary>
        /// <param name="directory">What the name is relative to; null for a path.</param>
        /// <param name="name">The name or path.</param>
        /// <param name="flags">How. Only on Linux may it be made.</param>
        /// <param name="shown">How a message names it.</param>
        public static SafeFileHandle Open(SafeFileHandle? directory, string name, int flags, string shown)
        {
            int descriptor;
            do
            {
                descriptor = !OperatingSystem.IsLinux() ? OpenThere(shown, flags | CloseOnExec)
                    : directory is null ? OpenAt(CurrentDirectory, name, flags | CloseOnExec, ReadableByAll)
                    : OpenAt(directory, name, flags | CloseOnExec, ReadableByAll);
            }
            while (descriptor < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return descriptor < 0
                ? throw Failure(Marshal.GetLastPInvokeError(), "open", shown)
                : new SafeFileHandle(descriptor, ownsHandle: true);
        }

        /// <summary>Whether a lock was taken; where it was not, somebody else holds one.</summary>
        /// <param name="handle">What is locked.</param>
        /// <param name="operation">How.</param>
        /// <param name="shown">How a message names it.</param>
        /// <param name="isOptional">Whether a file system that cannot lock such a file is passed over.</param>
        public static bool TryLock(SafeFileHandle handle, int operation, string shown, bool isOptional = false)
        {
            while (true)
            {
                if (Lock(handle, operation | WithoutWaiting) == 0) return true;
                var error = Marshal.GetLastPInvokeError();
                if (error == WouldBlock) return false;
                if (isOptional && error is BadDescriptor or Invalid or NotSupported) return true;
                if (error != Interrupted) throw Failure(error, "lock", shown);
            }
        }

        /// <summary>Lets a lock go. Closing alone does it only once nobody has the descriptor any more, and a process that is being started
        /// by another thread has it for a moment.</summary>
        /// <param name="handle">What was locked.</param>
        public static void Unlock(SafeFileHandle handle) => _ = Lock(handle, Unlocked);

        public static void Flush(SafeFileHandle handle, string shown)
        {
            if (Flush(handle) < 0) throw Failure(Marshal.GetLastPInvokeError(), "flush", shown);
        }

        /// <summary>Flushes the data of a file whose length does not change.</summary>
        public static void FlushData(SafeFileHandle handle)
        {
            int error;
            do
            {
                if (FlushDataOf(handle) == 0) return;
                error = Marshal.GetLastPInvokeError();
            }
            while (error == Interrupted);

            // A file system that cannot is passed over, as the runtime does.
            if (error is not (Invalid or NotSupported)) throw Failure(error, "flush", "a file of the journal");
        }

        public static void Rename(SafeFileHandle directory, string from, string to, string shown)
        {
            if (IdentityAt(directory, to, shown) is not null) throw new IOException($"{shown} is there already.");
            if (RenameAt(directory, from, directory, to) < 0) throw Failure(Marshal.GetLastPInvokeError(), "rename", shown);
        }

        /// <summary>Removes a file, if it is there.</summary>
        public static void Unlink(SafeFileHandle directory, string name, string shown)
        {
            if (UnlinkAt(directory, name, 0) < 0 && Marshal.GetLastPInvokeError() is not NotThere and var error)
                throw Failure(error, "delete", shown);
        }

        // Filled by the system and read at once: each answer of a writer asks for several.
        [ThreadStatic]
        private static byte[]? statusBytes;

        private static byte[] StatusBytes => statusBytes ??= new byte[256];

        /// <summary>What has a name in a directory that is open, or a path; null for nothing.</summary>
        public static Identity? IdentityAt(SafeFileHandle? directory, string name, string shown)
        {
            var status = StatusBytes;
            var failed = OperatingSystem.IsLinux()
                ? (directory is null
                    ? Status(CurrentDirectory, name, 0, InodeWanted, status)
                    : Status(directory, name, 0, InodeWanted, status)) < 0
                : StatusThere(directory is null ? name : shown, status) < 0;
            if (!failed) return Read(status);
            var error = Marshal.GetLastPInvokeError();
            return error is NotThere or NoDirectory ? null : throw Failure(error, "look at", shown);
        }

        /// <summary>What is open.</summary>
        public static Identity IdentityOf(SafeFileHandle handle, string shown)
        {
            var status = StatusBytes;
            var failed = OperatingSystem.IsLinux()
                ? Status(handle, "", EmptyPath, InodeWanted, status) < 0
                : StatusOf(handle, status) < 0;
            return failed ? throw Failure(Marshal.GetLastPInvokeError(), "look at", shown) : Read(status);
        }

        /// <summary>The exception for an error of the system, of the types that .NET throws, with what to do.</summary>
        public static Exception Failure(int error, string verb, string shown)
        {
            var message = $"Could not {verb} {shown}: {Marshal.GetPInvokeErrorMessage(error)}{Remedy(error)}";
            return error switch
            {
                NotThere when Directory.Exists(Path.GetDirectoryName(shown)) => new FileNotFoundException(message, shown),
                NotThere => new DirectoryNotFoundException(message),
                AccessDenied or NotPermitted => new UnauthorizedAccessException(message),
                _ => new IOException(message, error),
            };
        }

        private static int WouldBlock => OperatingSystem.IsLinux() ? 11 : 35;

        private static string Remedy(int error) => error switch
        {
            5 => " (EIO: the device failed; look into the log of the system)",
            23 => " (ENFILE: the system has too many files open)",
            24 => " (EMFILE: this process has too many files open; close some, or raise its limit)",
            28 => " (ENOSPC: make room)",
            30 => " (EROFS: open for reading, or make the file system writable)",
            37 when OperatingSystem.IsLinux() => " (ENOLCK: the file system gives no lock; use a local one)",
            77 when !OperatingSystem.IsLinux() => " (ENOLCK: the file system gives no lock; use a local one)",
            _ => "",
        };

        /// <summary>statx of Linux: the inode at 32, the device at 136. stat of macOS: the device at 0, the inode at 8.</summary>
        private static Identity Read(byte[] status) => OperatingSystem.IsLinux()
            ? new Identity(BitConverter.ToUInt64(status, 136), BitConverter.ToUInt64(status, 32))
            : new Identity(BitConverter.ToUInt32(status, 0), BitConverter.ToUInt64(status, 8));

        private static int StatusThere(string path, byte[] status) =>
            RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatusThere64(path, status) : StatusThereAny(path, status);

        private static int StatusOf(SafeFileHandle handle, byte[] status) =>
            RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatusOf64(handle, status) : StatusOfAny(handle, status);

        [DllImport("libc", EntryPoint = "openat", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int OpenAt(
            int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags, int mode);

        [DllImport("libc", EntryPoint = "openat", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int OpenAt(
            SafeFileHandle directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags, int mode);

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int OpenThere([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Lock(SafeFileHandle handle, int operation);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Flush(SafeFileHandle handle);

        [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int FlushDataOf(SafeFileHandle handle);

        [DllImport("libc", EntryPoint = "renameat", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int RenameAt(
            SafeFileHandle directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string from,
            SafeFileHandle same, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

        [DllImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int UnlinkAt(SafeFileHandle directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags);

        [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Status(
            int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags, uint mask, [Out] byte[] status);

        [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Status(
            SafeFileHandle directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags, uint mask, [Out] byte[] status);

        [DllImport("libc", EntryPoint = "stat", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int StatusThereAny([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] status);

        [DllImport("libc", EntryPoint = "stat$INODE64", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int StatusThere64([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] status);

        [DllImport("libc", EntryPoint = "fstat", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int StatusOfAny(SafeFileHandle handle, [Out] byte[] status);

        [DllImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int StatusOf64(SafeFileHandle handle, [Out] byte[] status);
    }
}
