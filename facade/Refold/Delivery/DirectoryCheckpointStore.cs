// Checkpoints of consumers as small files of a directory: each save is a new file, which replaces the one before.
// Given to JournalConsumer where what the consumer makes lies in files, or in another process than the journal.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Refold.Segments;

namespace Refold;

/// <summary>Keeps checkpoints in files of a directory, one a consumer; each is replaced as a whole, and durable when a save returns. One
/// process at a time consumes under one name.</summary>
public sealed class DirectoryCheckpointStore : IConsumerCheckpointStore
{
    private const int LongestFile = 4096;
    private const string Aside = ".new";

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
            var files = Files(name);
            var generation = files.Count == 0 ? 1 : files[^1].Generation + 1;
            var next = FileOf(name, generation);
            // What an interrupted save left.
            if (device.List().Contains(next + Aside)) device.Delete(next + Aside);
            using (var file = device.Create(next + Aside))
            {
                file.Write(CheckpointForm.Write(checkpoint).Span, 0);
                file.Flush();
            }

            device.Rename(next + Aside, next);
            device.FlushDirectory();
            // Of several the one with the highest number counts, so these may go at any time.
            foreach (var file in files) device.Delete(FileOf(name, file.Generation));
        }

        return ValueTask.FromResult(true);
    }

    // A name of any characters as a name of a file.
    private static string NameOf(string consumer)
    {
        Interop.DeliveryTranslation.CheckName(consumer, nameof(consumer));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(consumer)));
    }

    private static string FileOf(string name, long generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}.{generation}.checkpoint");

    // The files of a consumer, the newest last.
    private List<(long Generation, string File)> Files(string name) =>
        [
            .. device.List()
                .Where(file => file.StartsWith(name + ".", StringComparison.Ordinal))
                .Where(file => file.EndsWith(".checkpoint", StringComparison.Ordinal))
                .Select(file => (long.TryParse(
                    file.Split('.')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? generation : 0, file))
                .Where(file => file.Item1 > 0)
                .OrderBy(file => file.Item1),
        ];

    private ConsumerCheckpoint? Read(string consumer, string name)
    {
        if (!device.Exists || Files(name) is not [.., var newest]) return null;
        using var file = device.Open(newest.File, writable: false);
        var bytes = new byte[Math.Min(file.Length, LongestFile)];
        var length = file.Read(bytes, 0);
        return CheckpointForm.Read(consumer, bytes.AsMemory(0, length));
    }
}
