// What stands here for the table, the file, the service that a store writes to: records in order, durable when Write returns.
// Written and read by RecordJournal.
using Refold;

namespace OwnStore;

/// <summary>A record: a batch with its places, or a deletion.</summary>
public abstract record Record
{
    public sealed record Batch(IReadOnlyList<JournalEntry> Entries) : Record;

    public sealed record Deletion(StreamId Stream, long Version) : Record;
}

public sealed class Records
{
    private readonly List<Record> written = [];

    /// <summary>Durable when it returns; throws <see cref="IOException"/> where nobody knows whether it is.</summary>
    public void Write(Record record) => written.Add(record);

    public IReadOnlyList<Record> ReadAll() => [.. written];
}
