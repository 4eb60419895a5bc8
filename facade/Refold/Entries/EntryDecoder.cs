// Entries made objects from their views. What entries of a stream have in common is made once: type, tags, run.
// Used by EntryReader and by folds over entries in place.
using System.Buffers.Binary;
using System.Numerics;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Refold;

/// <summary>Decodes entries. Names that were not met yet, and anything rare, go through the reader of canonical bytes, which checks all
/// that an entry has to be; so a name is taken only as it was checked before. Used by one thread.</summary>
internal sealed class EntryDecoder
{
    // No more are kept: names may come from outside, one for each entry.
    private const int MostNames = 1024;
    private const int Rare = (1 << 5) | (1 << 6);
    private const int CausationField = 1 << 3;
    private const int RunField = 1 << 4;
    private const long LastTicks = 3155378975999999999;

    private readonly Names<string> types = new();
    private readonly Names<FSharpList<Core.Tag>> tags = new();
    private readonly Names<FSharpOption<RunId>> runs = new();

    /// <summary>The entry; null where its bytes are not canonical. It has a copy of its payload.</summary>
    /// <param name="view">The entry in place.</param>
    /// <param name="stream">Its stream, whose name was compared.</param>
    public JournalEntry? Read(in EntryView view, StreamId stream)
    {
        var data = Known(view, stream) ?? Checked(view);
        return data is null ? null : new JournalEntry(new Core.Entry(view.Position, view.Version, view.Batch, data));
    }

    private Core.EntryData? Checked(in EntryView view)
    {
        if (Core.CanonicalBytes.tryRead(view.CanonicalBytes.ToArray()) is not { } read) return null;
        types.Keep(view.TypeUtf8, read.Value.Type);
        tags.Keep(view.Tags.Bytes, read.Value.Tags);
        if (read.Value.Run is { } run) runs.Keep(view.RunUtf8, run);
        return read.Value;
    }

    /// <summary>The role of an entry that <see cref="Read"/> would make from what it knows, and its type; null where it would have to look
    /// closer.</summary>
    public Core.Role? TryKnow(in EntryView view, out string type)
    {
        type = "";
        var fields = view.Fields;
        if ((fields & Rare) != 0 || view.SchemaVersion < 1 || Core.RoleModule.ofByte((byte)view.Role) is not { } role) return null;
        if (types.Find(view.TypeUtf8) is not { } name || tags.Find(view.Tags.Bytes) is null) return null;
        if ((fields & RunField) != 0 && runs.Find(view.RunUtf8) is null) return null;
        var rest = view.OptionalBytes;
        if ((fields & 1) != 0 && BinaryPrimitives.ReadInt64LittleEndian(rest[1..]) is < 0 or > LastTicks) return null;
        // An id of zeros names nobody, which is decided elsewhere.
        if ((fields & CausationField) != 0)
        {
            var ids = BitOperations.PopCount((uint)fields & 0b0110);
            var before = 4 + ((fields & 1) != 0 ? 8 : 0) + (16 * ids);
            if (rest.Slice(before, 16).IndexOfAnyExcept((byte)0) < 0) return null;
        }

        type = name;
        return role.Value;
    }

    private Core.EntryData? Known(in EntryView view, StreamId stream)
    {
        if (TryKnow(view, out var type) is not { } role) return null;
        var fields = view.Fields;
        var rest = view.OptionalBytes;
        FSharpOption<DateTimeOffset>? time = null;
        if ((fields & 1) != 0)
        {
            time = new FSharpOption<DateTimeOffset>(
                new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(rest[1..]), TimeSpan.Zero));
            rest = rest[8..];
        }

        rest = rest[1..];
        var id = Id(fields & (1 << 1), ref rest);
        var correlation = Id(fields & (1 << 2), ref rest);
        var causation = Id(fields & CausationField, ref rest);
        var list = tags.Find(view.Tags.Bytes)!;
        var run = (fields & RunField) != 0 ? runs.Find(view.RunUtf8) : null;
        return new Core.EntryData(
            stream, role, type, view.SchemaVersion, Core.Bytes.Copy(view.Payload), list, time, id, correlation, causation, run, null,
            null);
    }

    private static FSharpOption<Guid>? Id(int isThere, ref ReadOnlySpan<byte> rest)
    {
        var id = isThere == 0 ? null : new FSharpOption<Guid>(new Guid(rest.Slice(1, 16), bigEndian: true));
        rest = rest[(id is null ? 1 : 17)..];
        return id;
    }

    /// <summary>Values by their bytes; the last one is at hand.</summary>
    private sealed class Names<T>
        where T : class
    {
        private readonly Dictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> all =
            new Dictionary<byte[], T>(BytesComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

        private byte[] lastName = [];
        private T? last;

        public T? Find(ReadOnlySpan<byte> name)
        {
            if (last is not null && name.SequenceEqual(lastName)) return last;
            if (!all.TryGetValue(name, out var key, out var found)) return null;
            (lastName, last) = (key, found);
            return found;
        }

        public void Keep(ReadOnlySpan<byte> name, T value)
        {
            if (all.Dictionary.Count < MostNames) all.TryAdd(name, value);
        }
    }
}
