// Snapshots in files of a directory, each written aside, flushed and renamed, so that a torn one never has a snapshot's name.
// Opened with `segments:DIR`, beside the journal in segment files; on any IStorageDevice by tests and the crash simulator.
using Refold.Segments;

namespace Refold;

/// <summary>Keeps each snapshot in a file of its own. One process writes at a time; any number read beside it.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class DirectorySnapshotStore : ILocalSnapshotStore
{
    /// <summary>The directory below that of the journal.</summary>
    public const string DirectoryName = "snapshots";

    private const string LockName = "lock";

    private readonly Lock gate = new();
    private readonly SnapshotFiles files;
    private readonly SnapshotOptions options;
    private readonly string place;
    private readonly IStorageLock? writer;
    private bool closed;

    private DirectorySnapshotStore(IStorageDevice device, SnapshotOptions options, IStorageLock? writer)
    {
        (this.options, this.writer, place) = (options, writer, device.Place);
        files = new SnapshotFiles(device);
        if (writer is null) return;
        files.RemoveLeftovers();
        files.Refresh();
    }

    /// <inheritdoc/>
    public bool IsEmpty => Locked(() => files.IsEmpty);

    /// <summary>Opens the snapshots beside a journal in segment files.</summary>
    /// <param name="path">The journal's directory; the files are in <see cref="DirectoryName"/> below it. Both are made if need be,
    /// unless it is opened for reading.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The store; to be disposed by the caller.</returns>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    public static DirectorySnapshotStore Open(string path, SnapshotOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SnapshotOptions();
        // First the outer directory, so that the name of each is flushed.
        if (!options.ReadOnly) Opening(path, new DirectoryDevice(path).CreateDirectory);
        return Open(new DirectoryDevice(Path.Combine(path, DirectoryName)), options);
    }

    /// <summary>Opens the snapshots of a device.</summary>
    /// <param name="device">The directory of the snapshots themselves.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The store; to be disposed by the caller.</returns>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    /// <exception cref="JournalInUseException">Another writer has it open.</exception>
    public static DirectorySnapshotStore Open(IStorageDevice device, SnapshotOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options = (options ?? new SnapshotOptions()).Validated();
        IStorageLock? writer = null;
        DirectorySnapshotStore? store = null;
        try
        {
            Opening(device.Place, () =>
            {
                if (!options.ReadOnly)
                {
                    device.CreateDirectory();
                    writer = device.TryLock(LockName) ?? throw new JournalInUseException(device.Place);
                }

                store = new DirectorySnapshotStore(device, options, writer);
            });
            return store!;
        }
        catch
        {
            writer?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => IsEmpty);

    /// <inheritdoc/>
    public ValueTask SaveAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Changed("save " + snapshot.Stream, cancellationToken, () =>
        {
            var saved = files.Write(snapshot);
            LetGo(snapshot.Stream, saved);
        });
    }

    /// <inheritdoc/>
    public SnapshotAnswer Load(StreamId stream, long toVersion = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Locked(() =>
        {
            var findings = NewFindings();
            foreach (var name in files.Of(stream, 0, toVersion))
            {
                if (files.Read(name) is not var (snapshot, finding)) continue;
                if (snapshot is not null) return new SnapshotAnswer(snapshot, findings);
                findings.Add(finding!);
            }

            return findings.Count == 0 ? SnapshotAnswer.None : new SnapshotAnswer(null, findings);
        });
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotAnswer> LoadAsync(
        StreamId stream, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return LocalReads.Answer(cancellationToken, () => Load(stream, toVersion));
    }

    /// <inheritdoc/>
    public SnapshotListing List(StreamId? stream = null) => Locked(() =>
    {
        var found = new SortedDictionary<(StreamId Stream, long Version), SnapshotInfo>();
        var findings = NewFindings();
        foreach (var name in stream is null ? files.All() : files.Of(stream, 0, long.MaxValue))
        {
            if (files.Read(name) is not var (snapshot, finding)) continue;
            if (snapshot is null) findings.Add(finding!);
            else found.TryAdd((snapshot.Stream, snapshot.Version), SnapshotInfo.Of(snapshot));
        }

        return new SnapshotListing([.. found.Values], findings);
    });

    /// <inheritdoc/>
    public ValueTask<SnapshotListing> ListAsync(StreamId? stream = null, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => List(stream));

    /// <inheritdoc/>
    public ValueTask DeleteAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Changed("delete snapshots of " + stream, cancellationToken, () => Delete(files.Of(stream, fromVersion, toVersion)));
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync(CancellationToken cancellationToken = default) =>
        Changed("delete all snapshots", cancellationToken, () => Delete(files.All()));

    /// <summary>Closes the store.</summary>
    /// <returns>A completed task.</returns>
    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (closed) return ValueTask.CompletedTask;
            closed = true;
            writer?.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private static void Opening(string place, Action open)
    {
        try
        {
            open();
        }
        catch (Exception exception) when (SnapshotFiles.IsOfDevice(exception))
        {
            throw new JournalOpenException(
                $"The snapshots in {place} cannot be opened ({exception.Message}); correct that, or go on without snapshots.", exception);
        }
    }

    // The new one is durable. What cannot be removed now is tried again after the next save, and does no harm.
    private void LetGo(StreamId stream, SnapshotFileName saved)
    {
        var kept = files.Of(stream, 0, long.MaxValue);
        var superfluous = options.Superfluous(kept.Select(name => name.Version), saved.Version).ToHashSet();
        List<SnapshotFileName> old =
        [
            .. kept.Where(name => superfluous.Contains(name.Version) || (name.Version == saved.Version && name != saved))
        ];
        if (old.Count == 0) return;
        try
        {
            Delete(old);
        }
        catch (Exception exception) when (SnapshotFiles.IsOfDevice(exception))
        {
            return;
        }
    }

    private void Delete(IReadOnlyList<SnapshotFileName> names)
    {
        foreach (var name in names) files.Delete(name);
        files.Flush();
    }

    private T Locked<T>(Func<T> read)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            // Whoever holds the lock file knows what is there; a reader looks again.
            if (writer is null) files.Refresh();
            return read();
        }
    }

    private List<SnapshotFinding> NewFindings() => files.Unlisted is { } unlisted ? [unlisted] : [];

    private ValueTask Changed(string what, CancellationToken cancellationToken, Action change)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (writer is null)
                throw new SnapshotStoreException($"The snapshots in {place} were opened for reading; open them for writing to {what}.");
            try
            {
                change();
                // What is kept where nobody looks is not kept.
                writer.RequireHeld(null);
            }
            catch (Exception exception) when (SnapshotFiles.IsOfDevice(exception) || exception is PlaceLostException)
            {
                throw new SnapshotStoreException($"Could not {what} in {place}: {exception.Message}", exception);
            }
        }

        return ValueTask.CompletedTask;
    }
}
