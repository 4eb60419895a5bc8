// Checkpoints of consumers as facts in streams $consumer/NAME of a journal.
// Given to JournalConsumer where what the consumer makes lies in the same journal, or nowhere that could keep a checkpoint.
using System.Text.Json;

namespace Refold;

/// <summary>Keeps checkpoints in a journal, in streams of their own: <c>$consumer/NAME</c>. It may be the journal that is consumed, and
/// then consumers do not see these entries.</summary>
/// <param name="journal">The journal. It stays the caller's.</param>
public sealed class JournalCheckpointStore(IJournal journal) : IConsumerCheckpointStore
{
    private const string Prefix = "$consumer/";
    private const string Type = "$consumer.checkpoint";

    private readonly IJournal journal = journal ?? throw new ArgumentNullException(nameof(journal));

    /// <inheritdoc/>
    public async ValueTask<ConsumerCheckpoint?> FindAsync(string consumer, CancellationToken cancellationToken = default) =>
        (await LastAsync(consumer, cancellationToken).ConfigureAwait(false)).Checkpoint;

    /// <inheritdoc/>
    public async ValueTask<bool> TrySaveAsync(
        ConsumerCheckpoint checkpoint, ConsumerCheckpoint? before, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var (found, version) = await LastAsync(checkpoint.Consumer, cancellationToken).ConfigureAwait(false);
        if (!Equals(found, before)) return false;
        var stream = StreamOf(checkpoint.Consumer);
        var entry = new EntryData(stream, Type, CheckpointForm.Write(checkpoint)) { Role = EntryRole.Fact };
        var request = new AppendRequest(entry)
        {
            Expected = new Dictionary<StreamId, ExpectedVersion>
            {
                [stream] = version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version),
            },
            AllowsOwnStreams = true,
        };
        var result = await journal.TryAppendAsync(request.Encode(), CancellationToken.None).ConfigureAwait(false);
        if (result is AppendResult.NotAppended { Failure: AppendFailure.Conflict }) return false;
        result.ReceiptOrThrow();
        return true;
    }

    internal static bool IsCheckpoint(StreamId stream) => stream.Value.StartsWith(Prefix, StringComparison.Ordinal);

    private static StreamId StreamOf(string consumer)
    {
        Interop.DeliveryTranslation.CheckName(consumer, nameof(consumer));
        return StreamId.Create(Prefix + consumer);
    }

    private async ValueTask<(ConsumerCheckpoint? Checkpoint, long Version)> LastAsync(string consumer, CancellationToken cancellationToken)
    {
        var stream = StreamOf(consumer);
        var highest = await journal.HighestVersionAsync(stream, cancellationToken).ConfigureAwait(false);
        if (highest == 0) return (null, 0);
        var last = await journal.ReadKeptAsync(stream, highest, cancellationToken: cancellationToken)
            .FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false);
        return (last is null ? null : CheckpointForm.Read(consumer, last.Payload), highest);
    }
}

/// <summary>The JSON of a checkpoint.</summary>
internal static class CheckpointForm
{
    public static ReadOnlyMemory<byte> Write(ConsumerCheckpoint checkpoint)
    {
        var writer = new Core.ByteWriter(256);
        var members = new Core.JsonObjectWriter(writer);
        members.Text("consumer", checkpoint.Consumer);
        members.Text("hash", checkpoint.Head.Hash.ToString());
        members.Integer("position", checkpoint.Head.Position);
        members.Text("region", checkpoint.Region);
        members.Name("started");
        writer.Utf8(checkpoint.IsStarted ? "true" : "false");
        members.Close();
        return writer.WrittenMemory;
    }

    /// <exception cref="JournalException">It is none of this consumer.</exception>
    public static ConsumerCheckpoint Read(string consumer, ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var checkpoint = new ConsumerCheckpoint(
                root.GetProperty("consumer").GetString()!,
                root.GetProperty("region").GetString()!,
                new Head(root.GetProperty("position").GetInt64(), Hash.Parse(root.GetProperty("hash").GetString()!)),
                root.GetProperty("started").GetBoolean());
            if (checkpoint.Consumer == consumer) return checkpoint;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Unreadable(consumer, fault);
        }

        throw Unreadable(consumer, null);
    }

    private static JournalException Unreadable(string consumer, Exception? cause) => new(
        "checkpoint-unreadable", $"The checkpoint of the consumer '{consumer}' cannot be read: restore it from a backup.", cause);
}
