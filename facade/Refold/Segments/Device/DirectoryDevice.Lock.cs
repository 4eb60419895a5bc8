// The lock of a directory: flock on the directory, on its lock file and on COMMIT, so that a second writer meets one of them whatever is
// removed, and identities that tell its holder whether the place is still the one that was locked. Made by DirectoryDevice.TryLock.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Refold.Segments;

public sealed partial class DirectoryDevice
{
    /// <summary>A directory that is locked, on Unix.</summary>
    private sealed class HeldDirectory : IStorageLock
    {
        // A reader of an older version, or of another program, may hold a shared lock for as long as it reads a file.
        private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);

        private const int MaxTries = 100;

        private readonly Lock gate = new();
        private readonly DirectoryDevice device;
        private readonly Identity identity;
        private readonly Dictionary<string, (SafeFileHandle Handle, Identity Identity)> files = new(StringComparer.Ordinal);
        private (string Name, Identity Identity)? written;

        private HeldDirectory(DirectoryDevice device, SafeFileHandle directory)
        {
            (this.device, Directory) = (device, directory);
            identity = Native.IdentityOf(directory, device.path);
            Listed = PathOf(directory);
        }

        /// <summary>The directory.</summary>
        public SafeFileHandle Directory { get; }

        /// <summary>The path under which its files are listed; null for its own.</summary>
        public string? Listed { get; }

        /// <summary>Locks the directory and a file in it; null where another holds either.</summary>
        public static HeldDirectory? TryTake(DirectoryDevice device, string name)
        {
            // Another time where the directory or the file went while they were being locked.
            for (var tries = 1; ; tries++)
            {
                device.Ask("open", name);
                var taken = new HeldDirectory(device, Native.Open(null, device.path, 0, device.path));
                var isOurs = false;
                try
                {
                    if (!taken.TryLock() || !taken.TryTake(name)) return null;
                    if (taken.Lost(null) is { } what)
                    {
                        if (tries == MaxTries) throw new PlaceLostException(device.path, what);
                        continue;
                    }

                    isOurs = true;
                    device.held = taken;
                    return taken;
                }
                finally
                {
                    if (!isOurs) taken.Close();
                }
            }
        }

        public bool TryHold(string name)
        {
            if (files.ContainsKey(name) || Native.IdentityAt(Directory, name, device.Of(name)) is null) return true;
            device.Ask("lock", name);
            using var pause = new ManualResetEventSlim();
            var handle = Native.Open(Directory, name, 0, device.Of(name));
            try
            {
                // Shared from then on: .NET locks every file that it opens so, and would not open this one otherwise.
                for (var tries = 0; tries < MaxTries; tries++)
                {
                    if (
                        Native.TryLock(handle, Native.ExclusiveLock, device.Of(name))
                        && Native.TryLock(handle, Native.SharedLock, device.Of(name)))
                    {
                        Add(name, handle);
                        return true;
                    }

                    pause.Wait(Patience);
                }

                return false;
            }
            finally
            {
                if (!files.ContainsKey(name)) handle.Dispose();
            }
        }

        public void RequireHeld(string? file)
        {
            // A compaction asks beside the writer.
            lock (gate)
            {
                if (Lost(file) is { } what) throw new PlaceLostException(device.path, what);
            }
        }

        public void Dispose()
        {
            if (ReferenceEquals(device.held, this)) device.held = null;
            Close();
        }

        private bool TryLock()
        {
            device.Ask("lock", "");
            return Native.TryLock(Directory, Native.ExclusiveLock, device.path, isOptional: true);
        }

        private bool TryTake(string name)
        {
            device.Ask("lock", name);
            var shown = device.Of(name);
            if (!OperatingSystem.IsLinux() && !File.Exists(shown))
                File.OpenHandle(shown, FileMode.OpenOrCreate, FileAccess.ReadWrite, Shared).Dispose();
            var handle = Native.Open(
                Directory, name, Native.ReadWrite | (OperatingSystem.IsLinux() ? Native.Creating : 0), shown);
            if (Native.TryLock(handle, Native.ExclusiveLock, shown))
            {
                Add(name, handle);
                return true;
            }

            handle.Dispose();
            return false;
        }

        private void Add(string name, SafeFileHandle handle) =>
            files.Add(name, (handle, Native.IdentityOf(handle, device.Of(name))));

        /// <summary>What is not where it was; null for nothing.</summary>
        private string? Lost(string? file)
        {
            if (Native.IdentityAt(null, device.path, device.path) != identity)
                return "the directory was renamed, replaced or removed";
            foreach (var (name, (_, known)) in files)
            {
                if (Native.IdentityAt(Directory, name, device.Of(name)) != known) return $"its file {name} was replaced or removed";
            }

            if (file is null) return null;
            var found = Native.IdentityAt(Directory, file, device.Of(file));
            if (found is not null && written?.Name != file) written = (file, found.Value);
            return found is null || found != written?.Identity ? $"its file {file} was replaced or removed" : null;
        }

        private void Close()
        {
            foreach (var (handle, _) in files.Values) LetGo(handle);
            LetGo(Directory);

            static void LetGo(SafeFileHandle handle)
            {
                Native.Unlock(handle);
                handle.Dispose();
            }
        }
    }

    /// <summary>A file that is locked, on Windows: as long as it is open, neither it nor its directory can be renamed or removed.</summary>
    private sealed class WindowsLock(DirectoryDevice device, SafeFileHandle handle) : IStorageLock
    {
        private const uint FailImmediately = 1, Exclusive = 2;

        private const int SharingViolation = 32, LockViolation = 33, Pending = 997;

        private readonly List<SafeFileHandle> others = [];

        public static WindowsLock? TryTake(DirectoryDevice device, string name)
        {
            SafeFileHandle handle;
            try
            {
                handle = File.OpenHandle(device.Of(name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            }
            catch (IOException exception) when ((exception.HResult & 0xFFFF) is SharingViolation or LockViolation)
            {
                return null;
            }

            var place = default(NativeOverlapped);
            if (LockFileEx(handle, Exclusive | FailImmediately, 0, 1, 0, ref place)) return new WindowsLock(device, handle);
            var error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            return error is LockViolation or Pending
                ? null
                : throw new IOException($"Could not lock {device.Of(name)}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        public bool TryHold(string name)
        {
            // Without FileShare.Delete it stays where it is.
            if (File.Exists(device.Of(name)))
                others.Add(File.OpenHandle(device.Of(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return true;
        }

        public void RequireHeld(string? file)
        {
        }

        public void Dispose()
        {
            foreach (var other in others) other.Dispose();
            handle.Dispose();
        }

        [DllImport("kernel32", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool LockFileEx(
            SafeFileHandle file, uint flags, uint reserved, uint bytesLow, uint bytesHigh, ref NativeOverlapped place);
    }
}
