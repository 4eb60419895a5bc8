// What stands here for the table, the file, the service that a store writes to: records in order, durable when the task of a write ends.
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

    /// <summary>Durable when the task ends; throws <see cref="IOException"/> where nobody knows whether it is.</summary>
    public async ValueTask WriteAsync(Record record)
    {
        await Task.Yield();
        written.Add(record);
    }

    public IAsyncEnumerable<Record> ReadAllAsync() => written.ToList().ToAsyncEnumerable();
}
