// Snapshots in a LiteDB file of their own beside the journal's, so that large states stay out of the journal's log.
// Opened with `litedb:FILE`, the journal's own URI; used by runs and by applications.
using Refold.LiteDb;
using Refold.LiteDb.Storage;

namespace Refold;

/// <summary>Keeps snapshots in the file <c>name-snapshots.ext</c> beside a journal, with the same care as <see cref="LiteDbJournal"/>. One
/// process at a time writes, or several read.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
public sealed class LiteDbSnapshotStore : ILocalSnapshotStore
{
    private readonly Lock gate = new();
    private readonly SnapshotDocuments? documents;
    private readonly Database? database;
    private readonly SnapshotOptions options;
    private readonly string place;

    // The file is damaged: whoever loads is told, and nothing is saved.
    private readonly JournalCorruptedException? damage;
    private Exception? failure;
    private bool closed;

    private LiteDbSnapshotStore(Database? database, JournalCorruptedException? damage, SnapshotOptions options, string place)
    {
        (this.database, this.damage, this.options, this.place) = (database, damage, options, place);
        if (database is not null) documents = new SnapshotDocuments(database);
    }

    /// <inheritdoc/>
    public bool IsEmpty => Locked(() => damage is null && (documents is null || documents.IsEmpty));

    private SnapshotDocuments? Documents => damage is null ? documents : throw damage;

    /// <summary>Opens the snapshots beside a journal in LiteDB. Where their file is damaged each load says so in a finding, and nothing is
    /// kept: remove the file, snapshots are a cache.</summary>
    /// <param name="path">The journal's file. The file beside it is made if need be, unless it is opened for reading.</param>
    /// <param name="options">How to open it.</param>
    /// <returns>The store; to be disposed by the caller.</returns>
    /// <exception cref="JournalInUseException">Another opener has it open.</exception>
    /// <exception cref="UnsupportedFormatException">A newer program wrote it.</exception>
    /// <exception cref="JournalOpenException">It cannot be opened; the message has the remedy.</exception>
    public static LiteDbSnapshotStore Open(string path, SnapshotOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(new LocalDatabaseFiles(path).WithSuffix("-snapshots"), options);
    }

    internal static LiteDbSnapshotStore Open(IDatabaseFiles files, SnapshotOptions? options = null)
    {
        options ??= new SnapshotOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Retention, 1, nameof(options));
        var isNone = options.ReadOnly && !files.Exists(FileRole.Data);
        try
        {
            return new LiteDbSnapshotStore(
                isNone ? null : Database.Open(files, options.ReadOnly, StoreKind.Snapshots), null, options, files.Place);
        }
        catch (JournalCorruptedException exception)
        {
            return new LiteDbSnapshotStore(null, exception, options, files.Place);
        }
    }

    /// <inheritdoc/>
    public ValueTask SaveAsync(Snapshot snapshot, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Changed("save " + snapshot.Stream, cancellationToken, found =>
        {
            var kept = found.Versions(snapshot.Stream).Append(snapshot.Version).Distinct();
            found.Save(snapshot, options.Superfluous(kept, snapshot.Version));
        });
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => IsEmpty);

    /// <inheritdoc/>
    public ValueTask<SnapshotAnswer> LoadAsync(
        StreamId stream, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return LocalReads.Answer(cancellationToken, () => Load(stream, toVersion));
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotListing> ListAsync(StreamId? stream = null, CancellationToken cancellationToken = default) =>
        LocalReads.Answer(cancellationToken, () => List(stream));

    /// <inheritdoc/>
    public SnapshotAnswer Load(StreamId stream, long toVersion = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Locked(() =>
        {
            var findings = new List<SnapshotFinding>();
            foreach (var version in Safely(() => Documents?.Versions(stream) ?? [], findings).Where(
                version => version <= toVersion).OrderDescending())
            {
                if (Read(stream, version, findings) is { } snapshot) return new SnapshotAnswer(snapshot, findings);
            }

            return findings.Count == 0 ? SnapshotAnswer.None : new SnapshotAnswer(null, findings);
        });
    }

    /// <inheritdoc/>
    public SnapshotListing List(StreamId? stream = null) => Locked(() =>
    {
        var findings = new List<SnapshotFinding>();
        var kept = Safely(() => Documents?.All(stream) ?? [], findings);
        List<SnapshotInfo> found = [.. kept.Select(key => Read(key.Stream, key.Version, findings)).OfType<Snapshot>().Select(
            SnapshotInfo.Of)];
        return new SnapshotListing(found, findings);
    });

    /// <inheritdoc/>
    public ValueTask DeleteAsync(
        StreamId stream, long fromVersion = 1, long toVersion = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Changed("delete snapshots of " + stream, cancellationToken, found =>
            found.Delete(
                [.. found.Versions(stream).Where(version => version >= fromVersion && version <= toVersion).Select(
                version => (stream, version))]));
    }

    /// <inheritdoc/>
    public ValueTask ClearAsync(CancellationToken cancellationToken = default) =>
        Changed("delete all snapshots", cancellationToken, found => found.Delete(found.All(null)));

    /// <summary>Closes the store.</summary>
    /// <returns>A completed task.</returns>
    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (closed) return ValueTask.CompletedTask;
            closed = true;
            if (database is null) return ValueTask.CompletedTask;
            try
            {
                if (!options.ReadOnly && failure is null) documents!.Close();
            }
#pragma warning disable CA1031 // Everything saved is in the log, and is brought into the file when it is opened again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = exception;
            }
            finally
            {
                database.Dispose();
            }
        }

        return ValueTask.CompletedTask;
    }

    private Snapshot? Read(StreamId stream, long version, List<SnapshotFinding> findings)
    {
        var place = $"the snapshot of '{stream}' at version {version.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        byte[]? bytes;
        try
        {
            bytes = documents!.Read(stream, version);
        }
#pragma warning disable CA1031 // LiteDB may throw anything over damaged pages, and a snapshot is never worth an error.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            findings.Add(new SnapshotFinding(SnapshotDoubt.Unreadable, $"{place} cannot be read: {exception.Message}"));
            return null;
        }

        if (bytes is null || !Snapshot.TryRead(bytes, out var snapshot, out var reason))
        {
            findings.Add(
                new SnapshotFinding(
                SnapshotDoubt.Unreadable, $"{place} cannot be read: a part of it is missing or is not what was written"));
            return null;
        }

        if (snapshot.Stream == stream && snapshot.Version == version) return snapshot;
        findings.Add(new SnapshotFinding(SnapshotDoubt.NotAsked, $"{place} is another one: {snapshot}"));
        return null;
    }

    private IReadOnlyList<T> Safely<T>(Func<IReadOnlyList<T>> read, List<SnapshotFinding> findings)
    {
        try
        {
            return read();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            findings.Add(
                new SnapshotFinding(
                SnapshotDoubt.StoreFailed, $"no snapshot in {place} is used: {exception.Message} Remove the file; snapshots are a cache."));
            return [];
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            return read();
        }
    }

    private ValueTask Changed(string what, CancellationToken cancellationToken, Action<SnapshotDocuments> change)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (damage is not null)
                throw new SnapshotStoreException(
                    $"Could not {what} in {place}: {damage.Message} Remove the file; snapshots are a cache.", damage);
            if (documents is null || options.ReadOnly)
                throw new SnapshotStoreException($"The snapshots in {place} were opened for reading; open them for writing to {what}.");
            if (failure is not null)
                throw new SnapshotStoreException(
                    $"Could not {what} in {place}: an earlier write failed ({failure.Message}); open the snapshots again.", failure);
            try
            {
                change(documents);
            }
#pragma warning disable CA1031 // LiteDB may throw anything; what was saved before is there.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Recover(exception);
                throw new SnapshotStoreException($"Could not {what} in {place}: {exception.Message}", exception);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Begins anew with what is committed; where that is in doubt, or fails, nothing is written any more.</summary>
    private void Recover(Exception exception)
    {
        failure = exception;
        if (database!.IsInDoubt) return;
        try
        {
            database.Reopen();
            failure = null;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception second)
#pragma warning restore CA1031
        {
            failure = new AggregateException(exception, second);
        }
    }
}
