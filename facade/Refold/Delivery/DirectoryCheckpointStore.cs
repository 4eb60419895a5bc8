// Checkpoints of consumers as small files of a directory, one a consumer, replaced as a whole.
// Given to JournalConsumer where what the consumer makes lies in files, or in another process than the journal.
using System.Security.Cryptography;
using System.Text;
using Refold.Segments;

namespace Refold;

/// <summary>Keeps checkpoints in files of a directory, one a consumer; each is replaced as a whole, and durable when a save returns. One
/// process at a time consumes under one name.</summary>
public sealed class DirectoryCheckpointStore : IConsumerCheckpointStore
{
    private const int LongestFile = 4096;

    private readonly IStorageDevice device;
    private readonly Lock gate = new();

    /// <summary>Keeps checkpoints in a directory, which is made where it is missing.</summary>
    /// <param name="path">The directory.</param>
    public DirectoryCheckpointStore(string path)
        : this(new DirectoryDevice(path))
    {
    }

    internal DirectoryCheckpointStore(IStorageDevice device) => this.device = device;

    /// <inheritdoc/>
    public ValueTask<ConsumerCheckpoint?> FindAsync(string consumer, CancellationToken cancellationToken = default)
    {
        var name = NameOf(consumer);
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate) return ValueTask.FromResult(Read(consumer, name));
    }

    /// <inheritdoc/>
    public ValueTask<bool> TrySaveAsync(
        ConsumerCheckpoint checkpoint, ConsumerCheckpoint? before, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var name = NameOf(checkpoint.Consumer);
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            device.CreateDirectory();
            if (!Equals(Read(checkpoint.Consumer, name), before)) return ValueTask.FromResult(false);
            var aside = name + ".new";
            if (device.List().Contains(aside)) device.Delete(aside);
            using (var file = device.Create(aside))
            {
                file.Write(CheckpointForm.Write(checkpoint).Span, 0);
                file.Flush();
            }

            device.Rename(aside, name);
            device.FlushDirectory();
        }

        return ValueTask.FromResult(true);
    }

    // A name of any characters as a name of a file.
    private static string NameOf(string consumer)
    {
        Interop.DeliveryTranslation.CheckName(consumer, nameof(consumer));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(consumer))) + ".checkpoint";
    }

    private ConsumerCheckpoint? Read(string consumer, string name)
    {
        if (!device.Exists || !device.List().Contains(name)) return null;
        using var file = device.Open(name, writable: false);
        var bytes = new byte[Math.Min(file.Length, LongestFile)];
        var length = file.Read(bytes, 0);
        return CheckpointForm.Read(consumer, bytes.AsMemory(0, length));
    }
}
