// The entries of a request as the core encodes them: read where the caller has them, so that none is made anew.
// Made by Translation.Encoded.
using System.Buffers;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

/// <summary>Entries of one request. Those that have more than a stream, a role, a type, a schema version and a payload are taken over
/// whole, as lists of tags are the caller's.</summary>
internal sealed class RequestEntries : Core.AppendedEntries
{
    // In the order of their bytes.
    private static readonly Core.Role[] Roles = [.. Core.RoleModule.all];

    private readonly bool isLent;
    private readonly FSharpOption<string>? key;
    private EntryData[] entries;
    private Core.EntryData?[]? whole;
    private int count;

    private RequestEntries(int capacity, FSharpOption<string>? key, bool isLent)
    {
        (this.key, this.isLent) = (key, isLent);
        entries = isLent ? ArrayPool<EntryData>.Shared.Rent(capacity) : new EntryData[capacity];
    }

    public override int Count => count;

    /// <summary>Takes the entries of a request, of many more than a batch may have no more than show that. A null where none may be is the
    /// caller's mistake and throws.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isLent">Whether nobody but the library will hold the batch.</param>
    /// <param name="fault">Which rule one of them breaks; null where none does.</param>
    public static RequestEntries Of(AppendRequest request, bool isLent, out Core.ValueError? fault)
    {
        var counted = Math.Min(request.Entries.Count, Core.Limits.batchEntries + 1);
        var taken = new RequestEntries(counted, request.IdempotencyKey.ToOption(), isLent);
        fault = null;
        foreach (var data in request.Entries)
        {
            if (taken.count == counted) break;
            fault = taken.Add(data, request.IdempotencyKey);
            if (fault is not null) break;
        }

        return taken;
    }

    public override StreamId Stream(int index) => entries[index].Stream;

    public override Core.Role Role(int index) => RoleOf(entries[index]);

    public override string Type(int index) => entries[index].Type;

    public override int SchemaVersion(int index) => entries[index].SchemaVersion;

    public override ReadOnlyMemory<byte> Payload(int index) => entries[index].Payload;

    public override Core.EntryData? Whole(int index) => whole?[index];

    public override void Put(int index, Core.EntryData data) => whole![index] = data;

    // The payloads are the caller's.
    public override bool IsFixed => false;

    public override Core.EntryData Make(int index, ReadOnlyMemory<byte> payload)
    {
        var bytes = Core.Bytes.Wrap(payload);
        if (whole?[index] is { } kept)
        {
            return new Core.EntryData(
                kept.Stream, kept.Role, kept.Type, kept.SchemaVersion, bytes, kept.Tags, kept.Time, kept.Id, kept.CorrelationId,
                kept.CausationId, kept.Run, kept.Drawn, kept.Key);
        }

        var data = entries[index];
        return new Core.EntryData(
            data.Stream, RoleOf(data), data.Type, data.SchemaVersion, bytes,
            Microsoft.FSharp.Collections.FSharpList<Core.Tag>.Empty, null, null, null, null, null, null, key);
    }

    public override void Release()
    {
        if (!isLent) return;
        var lent = entries;
        entries = [];
        // What the caller has is not kept alive.
        Array.Clear(lent, 0, count);
        ArrayPool<EntryData>.Shared.Return(lent);
    }

    private static Core.Role RoleOf(EntryData data) => Roles[(int)data.Role];

    private Core.ValueError? Add(EntryData data, string? ofAppend)
    {
        if (!Translation.IsPlain(data))
        {
            var made = data.Take(ofAppend);
            if (made.IsError) return made.ErrorValue;
            whole ??= new Core.EntryData?[entries.Length];
            whole[count] = made.ResultValue;
        }
        else if ((uint)data.Role >= (uint)Roles.Length) return Translation.NoRole(data.Role);

        entries[count++] = data;
        return null;
    }
}
