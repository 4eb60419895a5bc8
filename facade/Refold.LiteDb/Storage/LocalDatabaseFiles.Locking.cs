// The calls of the operating system that .NET does not have: a lock on a file that no switch turns off, and whether an open file is still
// the one that has its name. Called by LocalDatabaseFiles.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Refold.LiteDb.Storage;

internal sealed partial class LocalDatabaseFiles
{
    /// <summary>Locks of open files, by flock on Unix. On Windows .NET's own is one of the system, and a file that is open stays where it
    /// is.</summary>
    private static class FileLock
    {
        private const int Shared = 1, Exclusive = 2, WithoutWaiting = 4;
        private const int NotPermitted = 1, NotThere = 2, Interrupted = 4, AccessDenied = 13, NoDirectory = 20;
        private const int SharingViolation = 32, LockViolation = 33;
        private const int CurrentDirectory = -100, EmptyPath = 0x1000, InodeWanted = 0x100;

        private static int WouldBlock => OperatingSystem.IsLinux() ? 11 : 35;

        /// <summary>Whether .NET did not open a file because somebody else has locked it.</summary>
        public static bool IsHeldByAnother(IOException exception) =>
            OperatingSystem.IsWindows()
                ? (exception.HResult & 0xFFFF) is SharingViolation or LockViolation
                : exception.HResult == WouldBlock;

        /// <summary>Locks an open file, for as long as it is open.</summary>
        /// <param name="handle">The file.</param>
        /// <param name="isShared">Whether others may lock it so too.</param>
        /// <param name="path">How a message names it.</param>
        /// <returns>False where somebody else has a lock that is in the way.</returns>
        /// <exception cref="IOException">It cannot be locked.</exception>
        public static bool TryTake(SafeFileHandle handle, bool isShared, string path)
        {
            if (OperatingSystem.IsWindows()) return true;
            while (NativeMethods.Lock(handle, (isShared ? Shared : Exclusive) | WithoutWaiting) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == WouldBlock) return false;
                if (error != Interrupted) throw Failure(error, "lock", path);
            }

            return true;
        }

        /// <summary>Whether a path leads to an open file.</summary>
        public static bool IsAt(SafeFileHandle handle, string path)
        {
            if (OperatingSystem.IsWindows()) return true;
            var (open, found) = (new byte[256], new byte[256]);
            if (!OperatingSystem.IsLinux())
            {
                // stat of macOS and FreeBSD: device and inode in the first 16 bytes.
                Require(NativeMethods.StatusOf(handle, open), path);
                return IsThere(NativeMethods.StatusThere(path, found), path) && open.AsSpan(0, 16).SequenceEqual(found.AsSpan(0, 16));
            }

            // statx of Linux: the inode at 32, the device at 136.
            Require(NativeMethods.Status(handle, "", EmptyPath, InodeWanted, open), path);
            return IsThere(NativeMethods.Status(CurrentDirectory, path, 0, InodeWanted, found), path)
                && open.AsSpan(32, 8).SequenceEqual(found.AsSpan(32, 8)) && open.AsSpan(136, 8).SequenceEqual(found.AsSpan(136, 8));
        }

        /// <summary>The exception for an error of the system, with its name where there is something to do.</summary>
        public static Exception Failure(int error, string verb, string path)
        {
            var message = $"could not {verb} {path}: {Marshal.GetPInvokeErrorMessage(error)}{Remedy(error)}";
            return error switch
            {
                NotThere => new FileNotFoundException(message, path),
                AccessDenied or NotPermitted => new UnauthorizedAccessException(message),
                _ => new IOException(message, error),
            };
        }

        /// <summary>What to do about an error of the system, in brackets; nothing where it is not known.</summary>
        public static string Remedy(int error) => error switch
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

        private static void Require(int result, string path)
        {
            if (result < 0) throw Failure(Marshal.GetLastPInvokeError(), "look at", path);
        }

        private static bool IsThere(int result, string path)
        {
            if (result >= 0) return true;
            var error = Marshal.GetLastPInvokeError();
            return error is NotThere or NoDirectory ? false : throw Failure(error, "look at", path);
        }

        private static class NativeMethods
        {
            [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
            [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
            public static extern int Lock(SafeFileHandle handle, int operation);

            [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
            [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
            public static extern int Status(
                int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags, uint mask, [Out] byte[] status);

            [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
            [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
            public static extern int Status(
                SafeFileHandle file, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags, uint mask, [Out] byte[] status);

            [DllImport("libc", EntryPoint = "stat", SetLastError = true)]
            [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
            public static extern int StatusThere([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] status);

            [DllImport("libc", EntryPoint = "fstat", SetLastError = true)]
            [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
            public static extern int StatusOf(SafeFileHandle handle, [Out] byte[] status);
        }
    }
}
