// Where a replay first differs from its recording, in which field, and why. The core's Divergence, mirrored.
// Carried by fold and replay reports.
using Refold.Interop;

namespace Refold;

/// <summary>The cause of a divergence. The stable name in kebab-case is <see cref="Divergence.CauseName"/>.</summary>
public enum DivergenceCause
{
    /// <summary>The program runs under another pin than the run did; <see cref="Divergence.PinFields"/> says in what.</summary>
    PinMismatch = 0,

    /// <summary>An entry cannot be decoded.</summary>
    Undecodable = 1,

    /// <summary>Encoding what was decoded gives other bytes of the same schema version, or none.</summary>
    CodecNotFaithful = 2,

    /// <summary>The recording has an entry that is not made now, or lacks one that folding needs.</summary>
    Missing = 3,

    /// <summary>An entry is made now that the recording does not have, or the recording has one that no command made.</summary>
    Unexpected = 4,

    /// <summary>The entry has another role or another type.</summary>
    Type = 5,

    /// <summary>The payload says something else.</summary>
    Payload = 6,

    /// <summary>The payload says the same in other bytes: both have one RFC 8785 form.</summary>
    EncodingOnly = 7,

    /// <summary>The entry has other tags.</summary>
    Tags = 8,

    /// <summary>The schema version, the time or an id differs.</summary>
    Header = 9,

    /// <summary>An accepted command is refused now, or the other way round.</summary>
    Refusal = 10,

    /// <summary>Decide, evolve or a codec threw.</summary>
    Threw = 11,

    /// <summary>The same entries, but another number of random words drawn.</summary>
    RandomDrift = 12,

    /// <summary>The decision asked for an input that was not recorded.</summary>
    UnrecordedInput = 13,

    /// <summary>Decided twice just now, with two different answers.</summary>
    Unstable = 14,

    /// <summary>Every entry is the same, but the state is another one.</summary>
    State = 15,

    /// <summary>An input that the run's end vouches for is another one now: its start, a command, an effect or a fact.</summary>
    Input = 16,
}

/// <summary>The first difference between a recording and its replay. Immutable.</summary>
public sealed class Divergence
{
    internal Divergence(Core.Divergence value)
    {
        Value = value;
        PinFields = value.Cause is Core.DivergenceCause.PinMismatch mismatch ? [.. mismatch.fields] : [];
    }

    internal Core.Divergence Value { get; }

    /// <summary>The position of the entry; where the recording has no such entry, of the last entry before it.</summary>
    public long Position => Value.Position;

    /// <summary>The entry's stream.</summary>
    public StreamId Stream => Value.Stream;

    /// <summary>The version of the entry, or the one it would have.</summary>
    public long Version => Value.Version;

    /// <summary>JSON pointer (RFC 6901) into the entry's NDJSON form; empty for the whole entry.</summary>
    public string Path => Value.Path;

    /// <summary>Offset of the first differing byte in the payload, where it is not compared as JSON.</summary>
    public int? ByteOffset => Value.ByteOffset.ToNullable();

    /// <summary>The recorded value.</summary>
    public string Expected => Value.Expected;

    /// <summary>The value of the replay.</summary>
    public string Actual => Value.Actual;

    /// <summary>Random words of 32 bits that the recorded step drew.</summary>
    public ulong? ExpectedDraws => Value.ExpectedDraws.ToNullable();

    /// <summary>Random words of 32 bits that the step drew now.</summary>
    public ulong? ActualDraws => Value.ActualDraws.ToNullable();

    /// <summary>The cause.</summary>
    public DivergenceCause Cause => (DivergenceCause)Value.Cause.Tag;

    /// <summary>The command whose step differs: position, type and payload, cut where it is long; null where no command was
    /// decided.</summary>
    public string? Command => Value.Command.ToReference();

    /// <summary>The state that the command was decided on, as the state codec writes it, cut where it is long; null where no command was
    /// decided, and without a state codec.</summary>
    public string? StateBefore => Value.StateBefore.ToReference();

    /// <summary>The cause's stable name in kebab-case, for reports and scripts.</summary>
    public string CauseName => Value.Cause.Name;

    /// <summary>One sentence: the likely reason, and what to do.</summary>
    public string Remedy => Value.Remedy;

    /// <summary>The fields in which the pins differ: "model", "provider", "version", "seed", "settings/KEY"; none for another
    /// cause.</summary>
    public IReadOnlyList<string> PinFields { get; }

    /// <summary>Three lines: the entry, the path, expected and actual.</summary>
    /// <returns>The lines, separated by LF.</returns>
    public override string ToString() => Value.ToString();
}
