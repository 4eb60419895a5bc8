// The entries of an operation's life in `$fx/<RunId>`: types, tag, payloads. Written by LiveAttempt, read by RecordedOperation.
// Prose: the table "effects" of core/Format/FORMAT.md.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Refold;

/// <summary>What one such entry says. Members that an entry's type does not have are null.</summary>
internal sealed record OperationEntry(string Type, string Operation, int Attempt)
{
    public const string Begun = "$operation.begun";
    public const string Ended = "$operation.ended";
    public const string Failed = "$operation.failed";
    public const string Clock = "$clock";
    public const string Call = "$call";
    public const string Executed = "$executed";

    /// <summary>How long a request, an answer or an output may be, in bytes: 7 MiB. Two of them fit into an entry.</summary>
    public const int MostValueBytes = 7 << 20;

    /// <summary>The effect that is none of an operation.</summary>
    public const string Snapshot = "$snapshot";

    /// <summary>What the streams of effects begin with.</summary>
    public const string StreamPrefix = "$fx/";

    // What codecs nest, and the levels that it stands in.
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1024 };

    /// <summary>The sentence for a value that cannot be recorded.</summary>
    public static string TooLong(string what, Encoded value) => string.Create(
        CultureInfo.InvariantCulture, $"{what} has {value.Payload.Length} bytes, more than the {MostValueBytes} that are recorded.");

    /// <summary>The operation's key; of begun.</summary>
    public string? Key { get; init; }

    /// <summary>The state that its random numbers come from; of begun.</summary>
    public RngState? Seed { get; init; }

    /// <summary>Input of begun, request of a call.</summary>
    public Encoded? Input { get; init; }

    /// <summary>Output of ended, answer of a call that did not fail.</summary>
    public Encoded? Output { get; init; }

    /// <summary>Of failed, and of a call that did.</summary>
    public RecordedFailure? Failure { get; init; }

    /// <summary>The branch; empty for the operation itself.</summary>
    public string Branch { get; init; } = "";

    /// <summary>The number among those of its type in its branch, from 1; 0 where there is none.</summary>
    public long Ordinal { get; init; }

    /// <summary>The call's name.</summary>
    public string? Name { get; init; }

    /// <summary>Whether something that it was given or answered is not in it: in the input of begun, in the output.</summary>
    public bool IsRedacted => Output is { IsRedacted: true } || (Type == Begun && Input is { IsRedacted: true });

    /// <summary>Whether the key was made, as the caller gave none: nobody finds it again.</summary>
    public bool IsMade { get; init; }

    /// <summary>What the clock said.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The stream that the command was for.</summary>
    public string? Stream { get; init; }

    /// <summary>The position of the batch that an earlier attempt made of the command; null where this one made it.</summary>
    public long? Earlier { get; init; }

    /// <summary>The tag of every entry of an operation with a key.</summary>
    public static string TagOf(string key) => "op:" + Hash(key);

    /// <summary>The idempotency key of a command, whichever attempt gives it.</summary>
    public static string CommandKey(string key, string branch, long ordinal) =>
        "op:" + Hash(string.Create(CultureInfo.InvariantCulture, $"{key.Length}:{key}{branch.Length}:{branch}{ordinal}"));

    /// <summary>Whether a key is one that is made in a run for a caller that gives none: the run, a version, a number.</summary>
    public static bool IsMadeKey(RunId run, string key)
    {
        if (!key.StartsWith(run.Value + "#", StringComparison.Ordinal)) return false;
        var numbers = key[(run.Value.Length + 1)..].Split('.');
        return numbers.Length == 2 && Array.TrueForAll(numbers, number => number.Length > 0 && number.All(char.IsAsciiDigit));
    }

    /// <summary>The query for what may end an attempt under a key: another that is begun, the end of its run. Those of other runs are found
    /// too.</summary>
    public static Query EndingOf(string key) =>
        Query.Any(new QueryItem([Begun], [TagOf(key)]), new QueryItem([Interop.RunTranslation.EndType], []));

    /// <summary>What is appended.</summary>
    public EntryData ToEntry(RunId run, string key, DateTimeOffset? time, Guid? correlation, Guid? causation) =>
        new(Interop.RunTranslation.EffectsOf(run), Type, Payload())
        {
            Role = EntryRole.Effect,
            Tags = [TagOf(key)],
            Time = time,
            Run = run,
            CorrelationId = correlation,
            CausationId = causation,
        };

    /// <summary>The payload: members in order of their names, without spaces; payloads of codecs as they are.</summary>
    public ReadOnlyMemory<byte> Payload()
    {
        var writer = new Core.ByteWriter(256);
        var members = new Core.JsonObjectWriter(writer);
        members.Integer("attempt", Attempt);
        if (Ordinal > 0) members.Text("branch", Branch);
        if (Earlier is { } earlier) members.Integer("earlier", earlier);
        if (Failure is not null)
        {
            members.Name("failure");
            var failure = new Core.JsonObjectWriter(writer);
            failure.Text("message", Failure.Message);
            failure.Text("type", Failure.Type);
            failure.Close();
        }

        if (Input is not null) Write(writer, members, "input", Input);
        if (Key is not null) members.Text("key", Key);
        if (IsMade)
        {
            members.Name("made");
            writer.Utf8("true");
        }

        if (Name is not null) members.Text("name", Name);
        members.Text("operation", Operation);
        if (Ordinal > 0) members.Integer("ordinal", Ordinal);
        if (Output is not null) Write(writer, members, "output", Output);
        if (Seed is not null)
        {
            members.Name("seed");
            writer.Utf8(Seed.ToJson());
        }

        if (Stream is not null) members.Text("stream", Stream);
        if (Time is { } time) members.Text("time", Text(time));
        members.Close();
        return writer.WrittenMemory;
    }

    /// <summary>The same with those members only that an entry of its type has.</summary>
    public OperationEntry Own() => Type switch
    {
        Begun => new(Type, Operation, Attempt) { Key = Key, Input = Input, Seed = Seed, IsMade = IsMade },
        Clock => new(Type, Operation, Attempt) { Branch = Branch, Ordinal = Ordinal, Time = Time },
        Call => new(Type, Operation, Attempt)
        {
            Branch = Branch,
            Ordinal = Ordinal,
            Name = Name,
            Input = Input,
            Output = Output,
            Failure = Failure,
        },
        Executed => new(Type, Operation, Attempt)
        {
            Branch = Branch,
            Ordinal = Ordinal,
            Stream = Stream,
            Failure = Failure,
            Input = Failure is null ? null : Input,
            Earlier = Failure is null ? Earlier : null,
        },
        _ => new(Output is null ? Failed : Ended, Operation, Attempt)
        {
            Output = Output,
            Failure = Output is null ? Failure : null,
        },
    };

    /// <summary>What an entry says; null where it is none of an operation, or cannot be read.</summary>
    public static OperationEntry? TryRead(JournalEntry entry)
    {
        if (!IsOne(entry)) return null;
        try
        {
            using var document = JsonDocument.Parse(entry.Payload, Deep);
            var root = document.RootElement;
            return new OperationEntry(entry.Type, root.GetProperty("operation").GetString()!, root.GetProperty("attempt").GetInt32())
            {
                Branch = root.TryGetProperty("branch", out var branch) ? branch.GetString()! : "",
                Earlier = root.TryGetProperty("earlier", out var earlier) ? earlier.GetInt64() : null,
                Failure = root.TryGetProperty("failure", out var failure)
                    ? new RecordedFailure(failure.GetProperty("type").GetString()!, failure.GetProperty("message").GetString()!)
                    : null,
                Input = Read(root, "input"),
                Key = root.TryGetProperty("key", out var key) ? key.GetString() : null,
                IsMade = root.TryGetProperty("made", out var made) && made.GetBoolean(),
                Name = root.TryGetProperty("name", out var name) ? name.GetString() : null,
                Ordinal = root.TryGetProperty("ordinal", out var ordinal) ? ordinal.GetInt64() : 0,
                Output = Read(root, "output"),
                Seed = root.TryGetProperty("seed", out var seed) ? RngState.Parse(seed.GetRawText()) : null,
                Stream = root.TryGetProperty("stream", out var stream) ? stream.GetString() : null,
                Time = root.TryGetProperty("time", out var time) ? TimeOf(time.GetString()!) : null,
            };
        }
        catch (Exception exception) when (exception is JsonException or FormatException or KeyNotFoundException
            or InvalidOperationException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>Whether an entry is of an operation, whatever its payload says.</summary>
    public static bool IsOne(JournalEntry entry) =>
        entry.Role == EntryRole.Effect && entry.Stream.Value.StartsWith(StreamPrefix, StringComparison.Ordinal)
            && entry.Type is Begun or Ended or Failed or Clock or Call or Executed;

    /// <summary>Whether an entry is an effect that this program knows: of an operation, or the snapshot that a step stood on.</summary>
    public static bool IsKnown(JournalEntry entry) => IsOne(entry) || (entry.Role == EntryRole.Effect && entry.Type == Snapshot);

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset TimeOf(string text) => DateTimeOffset.ParseExact(
        text, "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static void Write(Core.ByteWriter writer, Core.JsonObjectWriter members, string name, Encoded value)
    {
        members.Name(name);
        var parts = new Core.JsonObjectWriter(writer);
        if (Core.Json.isOneLine(value.Payload))
        {
            parts.Name("data");
            writer.Raw(value.Payload.Span);
        }
        else
        {
            parts.Text("dataBase64", Convert.ToBase64String(value.Payload.Span));
        }

        parts.Integer("schemaVersion", value.SchemaVersion);
        parts.Text("type", value.Type);
        parts.Close();
    }

    private static Encoded? Read(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value)) return null;
        byte[] payload = value.TryGetProperty("data", out var data)
            ? Encoding.UTF8.GetBytes(data.GetRawText())
            : Convert.FromBase64String(value.GetProperty("dataBase64").GetString()!);
        return new Encoded(value.GetProperty("type").GetString()!, value.GetProperty("schemaVersion").GetInt32(), payload);
    }
}
