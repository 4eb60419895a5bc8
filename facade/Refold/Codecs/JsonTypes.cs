// The entry types of a closed hierarchy: an explicit name for each derived type.
// Filled in by the caller of Codec.Json.
using System.Collections.Immutable;
using System.Text.Json;
using Refold.Interop;

namespace Refold;

/// <summary>Collects the derived types of a closed hierarchy with the entry type of each.</summary>
/// <typeparam name="TBase">The base of the hierarchy.</typeparam>
public sealed class JsonTypes<TBase>
{
    private readonly JsonSerializerOptions options;
    private readonly Dictionary<Type, Writer> writers = [];
    private readonly List<Func<string[], bool>> mayLead = [];
    private ImmutableDictionary<string, PayloadForm<TBase>> forms =
        ImmutableDictionary.Create<string, PayloadForm<TBase>>(StringComparer.Ordinal);

    internal JsonTypes(JsonSerializerOptions options) => this.options = options;

    /// <summary>Adds a derived type. Its JSON is the payload, without any discriminator.</summary>
    /// <typeparam name="TDerived">The type; the serializer context must know it.</typeparam>
    /// <param name="typeName">The entry type: 1 to 256 UTF-8 bytes.</param>
    /// <param name="schemaVersion">The version written, from 1.</param>
    /// <returns>This collection.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule, name or type were added before, the context does not know the type, or
    /// its values cannot be brought back exactly.</exception>
    public JsonTypes<TBase> Add<TDerived>(string typeName, int schemaVersion = 1)
        where TDerived : TBase
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(schemaVersion, 1);
        var name = CodecFunctions.TypeName(typeName);
        var form = new JsonForm<TDerived>(options);
        if (forms.ContainsKey(name)) throw new ArgumentException($"The entry type '{name}' was added before.", nameof(typeName));
        if (!writers.TryAdd(typeof(TDerived), new Writer(
            name,
            value => form.Write((TDerived)value!),
            (value, room) => form.TrySettle((TDerived)value!, room) is var (payload, back)
                ? new SettledValue<TBase>(name, payload, back)
                : null)))
            throw new ArgumentException($"{typeof(TDerived)} was added before.", nameof(typeName));
        mayLead.Add(form.MayLead);
        forms = forms.Add(name, new PayloadForm<TBase>(name, schemaVersion, (ReadOnlySpan<byte> payload) => form.Read(payload))
        {
            // What writes a value is chosen by its type.
            Prove = (ReadOnlySpan<byte> payload, out TBase value) =>
            {
                var isProved = form.TryProve(payload, out var read) && read?.GetType() == typeof(TDerived);
                value = read;
                return isProved;
            },
        });
        return this;
    }

    internal Codec<TBase> Build()
    {
        if (forms.IsEmpty) throw new ArgumentException($"No type derived from {typeof(TBase)} was added.");
        return new Codec<TBase>(Encode, forms, settle: TrySettle)
        {
            MayLead = steps => mayLead.Exists(leads => leads(steps)),
            TypeNamesOfClasses = writers.ToDictionary(writer => writer.Key, writer => writer.Value.Name),
        };
    }

    private (string Type, ReadOnlyMemory<byte> Payload) Encode(ref TBase value, Core.PayloadWriter? payloads)
    {
        var writer = WriterOf(value);
        return (writer.Name, writer.Write(value));
    }

    private SettledValue<TBase>? TrySettle(TBase value, PayloadRoom room) => WriterOf(value).TrySettle(value, room);

    private Writer WriterOf(TBase value)
    {
        if (value is null) throw new FormatException("it is null");
        return writers.TryGetValue(value.GetType(), out var writer)
            ? writer
            : throw new FormatException($"{value.GetType()} was not added to the codec");
    }

    private sealed record Writer(
        string Name, Func<TBase, ReadOnlyMemory<byte>> Write, Func<TBase, PayloadRoom, SettledValue<TBase>?> TrySettle);
}
