// What a device holds after power was lost: everything flushed, and of the rest what POSIX allows, as the kind of loss chooses.
// Called by SimulatedFiles.
using System.Runtime.InteropServices;
using Refold.LiteDb.Storage;
using Xunit;

namespace Refold.Suites;

/// <summary>What was done to a file.</summary>
internal enum FileVerb
{
    Create,
    Write,
    SetLength,
    Flush,
    Rename,
    Delete,
    FlushDirectory,
}

/// <summary>One operation.</summary>
internal sealed record FileOperation(FileVerb Verb, FileRole Role)
{
    /// <summary>Where it writes, or the length it sets.</summary>
    public long Offset { get; init; }

    public byte[] Bytes { get; init; } = [];
}

/// <summary>What becomes of writes that were not flushed.</summary>
internal enum Loss
{
    /// <summary>No power cut: the process was killed, and all is there.</summary>
    Kill,

    /// <summary>All of them are lost.</summary>
    Prefix,

    /// <summary>Each is kept or lost.</summary>
    Drop,

    /// <summary>Each block of 4 KiB is.</summary>
    TornPage,

    /// <summary>Each block of 512 bytes is.</summary>
    TornSector,
}

/// <summary>The kinds of loss, for theories and for suites whose seed chooses one.</summary>
internal static class Losses
{
    public static IReadOnlyList<Loss> Kinds { get; } = [Loss.Kill, Loss.Prefix, Loss.Drop, Loss.TornPage, Loss.TornSector];

    public static TheoryData<Loss> All => [.. Kinds];

    public static TheoryData<Loss> OfPower => [Loss.Prefix, Loss.Drop, Loss.TornPage, Loss.TornSector];
}

internal static class PowerCut
{
    /// <summary>The contents after a crash.</summary>
    public static Dictionary<FileRole, byte[]> Image(
        IReadOnlyDictionary<FileRole, byte[]> before, IEnumerable<FileOperation> history, Loss loss, Random random)
    {
        var durable = before.ToDictionary(item => item.Key, item => new SimulatedFile(item.Value));
        var waiting = new List<FileOperation>();
        foreach (var operation in history)
        {
            waiting.Add(operation);
            switch (operation.Verb)
            {
                case FileVerb.Flush:
                    // With a new file's content its name; the directory needs a flush for renames and removals.
                    Settle(item => item.Role == operation.Role && item.Verb is FileVerb.Write or FileVerb.SetLength or FileVerb.Create);
                    break;
                case FileVerb.FlushDirectory:
                    Settle(item => item.Verb is FileVerb.Create or FileVerb.Rename or FileVerb.Delete);
                    break;
            }
        }

        foreach (var operation in waiting) Keep(operation);
        return durable.ToDictionary(item => item.Key, item => item.Value.Bytes.ToArray());

        void Settle(Predicate<FileOperation> isDurable)
        {
            foreach (var operation in waiting.FindAll(isDurable)) Apply(durable, operation);
            waiting.RemoveAll(isDurable);
        }

        void Keep(FileOperation operation)
        {
            if (operation.Verb != FileVerb.Create && operation.Verb != FileVerb.FlushDirectory && !durable.ContainsKey(operation.Role))
                return;
            if (loss == Loss.Kill) Apply(durable, operation);
            if (loss is Loss.Kill or Loss.Prefix) return;
            if (operation.Verb != FileVerb.Write || loss == Loss.Drop)
            {
                if (random.Next(2) == 0) Apply(durable, operation);
                return;
            }

            var block = loss == Loss.TornPage ? 4096 : 512;
            for (var start = 0; start < operation.Bytes.Length; start += block)
            {
                if (random.Next(2) == 0) continue;
                var piece = operation.Bytes[start..Math.Min(operation.Bytes.Length, start + block)];
                Apply(durable, operation with { Offset = operation.Offset + start, Bytes = piece });
            }
        }
    }

    /// <summary>Does an operation at once.</summary>
    public static void Apply(Dictionary<FileRole, SimulatedFile> files, FileOperation operation)
    {
        switch (operation.Verb)
        {
            case FileVerb.Create:
                files[operation.Role] = new SimulatedFile([]);
                break;
            case FileVerb.Write:
                var bytes = files[operation.Role].Bytes;
                var end = (int)operation.Offset + operation.Bytes.Length;
                if (bytes.Count < end) Lengthen(bytes, end);
                operation.Bytes.CopyTo(CollectionsMarshal.AsSpan(bytes)[(int)operation.Offset..]);
                break;
            case FileVerb.SetLength:
                var content = files[operation.Role].Bytes;
                if (operation.Offset < content.Count) content.RemoveRange((int)operation.Offset, content.Count - (int)operation.Offset);
                else Lengthen(content, (int)operation.Offset);
                break;
            case FileVerb.Rename:
                files[FileRole.Data] = files[FileRole.New];
                files.Remove(FileRole.New);
                break;
            case FileVerb.Delete:
                files.Remove(operation.Role);
                break;
        }
    }

    private static void Lengthen(List<byte> bytes, int length)
    {
        var before = bytes.Count;
        CollectionsMarshal.SetCount(bytes, length);
        CollectionsMarshal.AsSpan(bytes)[before..].Clear();
    }
}
