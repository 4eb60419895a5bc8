// The files of a snapshot store: which are there, and reading, writing and removing one.
// Used by DirectorySnapshotStore under its lock.
using System.Globalization;
using Refold.Segments;

namespace Refold;

/// <summary>Snapshot files of one directory. Used by one thread at a time.</summary>
/// <param name="device">The directory.</param>
internal sealed class SnapshotFiles(IStorageDevice device)
{
    private readonly Dictionary<string, List<SnapshotFileName>> streams = new(StringComparer.Ordinal);
    private long asides;

    public bool IsEmpty => streams.Count == 0 && Unlisted is null;

    /// <summary>Why nobody knows what is there; null where it is known.</summary>
    public SnapshotFinding? Unlisted { get; private set; }

    /// <summary>Looks what is there.</summary>
    public void Refresh()
    {
        streams.Clear();
        Unlisted = null;
        try
        {
            if (!device.Exists) return;
            foreach (var name in device.List())
            {
                if (SnapshotFileName.TryParse(name) is { } parsed) Add(parsed);
            }
        }
        catch (Exception exception) when (IsOfDevice(exception))
        {
            Unlisted = new SnapshotFinding(SnapshotDoubt.StoreFailed, $"no snapshot in {device.Place} is used: {exception.Message}");
        }
    }

    /// <summary>Removes what interrupted saves have left; only for the one who writes.</summary>
    public void RemoveLeftovers()
    {
        foreach (var name in device.List().Where(name => name.StartsWith(SnapshotFileName.AsidePrefix, StringComparison.Ordinal)).ToList())
            device.Delete(name);
    }

    /// <summary>The files of a stream's versions, the newest first.</summary>
    public IReadOnlyList<SnapshotFileName> Of(StreamId stream, long fromVersion, long toVersion) =>
        streams.TryGetValue(SnapshotFileName.HashOf(stream), out var names)
            ? [
                .. names.Where(name => name.Version >= fromVersion && name.Version <= toVersion)
                    .OrderByDescending(name => name.Version)
                    .ThenByDescending(name => name.Generation)]
            : [];

    /// <summary>All files, those of one stream together, the newest first.</summary>
    public IReadOnlyList<SnapshotFileName> All() =>
        [.. streams.Values.SelectMany(names => names.OrderByDescending(name => name.Version).ThenByDescending(name => name.Generation))];

    /// <summary>Reads a file; null where it is gone.</summary>
    public (Snapshot? Snapshot, SnapshotFinding? Finding)? Read(SnapshotFileName name)
    {
        try
        {
            using var file = device.Open(name.ToString(), writable: false);
            if (file.Length > Array.MaxLength) return (null, Unreadable(name, "it is too long for one"));
            var bytes = new byte[file.Length];
            var length = file.Read(bytes, 0);
            return Snapshot.TryRead(bytes.AsMemory(0, length), out var snapshot, out var reason)
                ? Check(name, snapshot)
                : (null, Unreadable(name, reason));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            Forget(name);
            return null;
        }
        catch (Exception exception) when (IsOfDevice(exception))
        {
            return (null, Unreadable(name, exception.Message));
        }
    }

    /// <summary>Writes a snapshot into a file of its own; durable when it returns.</summary>
    public SnapshotFileName Write(Snapshot snapshot)
    {
        var generation = Of(snapshot.Stream, snapshot.Version, snapshot.Version) is [var newest, ..] ? newest.Generation + 1 : 0;
        var name = new SnapshotFileName(SnapshotFileName.HashOf(snapshot.Stream), snapshot.Version, generation);
        var aside = string.Create(CultureInfo.InvariantCulture, $"{SnapshotFileName.AsidePrefix}{asides++}");
        try
        {
            using (var file = device.Create(aside))
            {
                file.Write(snapshot.ToBytes(), 0);
                file.Flush();
            }

            device.Rename(aside, name.ToString());
        }
        catch (Exception exception) when (IsOfDevice(exception))
        {
            TryDelete(aside);
            throw;
        }

        Add(name);
        device.FlushDirectory();
        return name;
    }

    /// <summary>Removes a file, if it is there; durable after the next flush of the directory.</summary>
    public void Delete(SnapshotFileName name)
    {
        try
        {
            device.Delete(name.ToString());
        }
        catch (FileNotFoundException)
        {
            // Somebody else did.
        }

        Forget(name);
    }

    /// <summary>Makes removals durable.</summary>
    public void Flush() => device.FlushDirectory();

    /// <summary>Whether the device failed, rather than the program.</summary>
    public static bool IsOfDevice(Exception exception) => exception is IOException or UnauthorizedAccessException;

    // The name only says where to look; what counts is what the file says.
    private static (Snapshot?, SnapshotFinding?) Check(SnapshotFileName name, Snapshot snapshot) =>
        SnapshotFileName.HashOf(snapshot.Stream) == name.StreamHash && snapshot.Version == name.Version
            ? (snapshot, null)
            : (null, new SnapshotFinding(
                SnapshotDoubt.NotAsked,
                $"the file {name} is not used: "
                + $"it holds the snapshot {snapshot.Stream}@{snapshot.Version.ToString(CultureInfo.InvariantCulture)}"));

    private static SnapshotFinding Unreadable(SnapshotFileName name, string reason) =>
        new(SnapshotDoubt.Unreadable, $"the snapshot in the file {name} is not used: {reason}");

    private void Add(SnapshotFileName name)
    {
        if (!streams.TryGetValue(name.StreamHash, out var names)) streams[name.StreamHash] = names = [];
        names.Add(name);
    }

    private void Forget(SnapshotFileName name)
    {
        if (!streams.TryGetValue(name.StreamHash, out var names)) return;
        names.Remove(name);
        if (names.Count == 0) streams.Remove(name.StreamHash);
    }

    private void TryDelete(string name)
    {
        try
        {
            device.Delete(name);
        }
        catch (Exception exception) when (IsOfDevice(exception))
        {
            // What is left has a name that no snapshot has; the next opening removes it.
        }
    }
}
