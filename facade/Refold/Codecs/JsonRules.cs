// The rules of Refold's JSON, laid over a user's serializer metadata: exact numbers as strings, every member required, nothing skipped.
// Called by Codec.Json and JsonTypes; JsonForm writes and reads by them.
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Refold;

internal static class JsonRules
{
    /// <summary>How deep arrays and objects may nest: as deep as the core's canonical JSON.</summary>
    public const int MostLevels = 512;

    /// <summary>The user's options with the rules on top. Metadata, naming and the user's converters for other types stay.</summary>
    public static JsonSerializerOptions Over(JsonSerializerOptions basis)
    {
        var options = new JsonSerializerOptions(basis)
        {
            AllowDuplicateProperties = false,
            // Canonical order puts a discriminator wherever its name belongs.
            AllowOutOfOrderMetadataProperties = true,
            AllowTrailingCommas = false,
            // A policy changes keys when they are written, and not when they are read.
            DictionaryKeyPolicy = null,
            // The fewest escapes: what the canonical form has none for is then mostly written as it stays.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            IndentSize = 0,
            MaxDepth = MostLevels,
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            ReadCommentHandling = JsonCommentHandling.Disallow,
            ReferenceHandler = null,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            WriteIndented = false,
        };
        options.TypeInfoResolver = basis.TypeInfoResolver?.WithAddedModifier(Tighten);

        // Before the user's own: a converter of theirs must not make a number inexact.
        JsonConverter[] own =
        [
            new ExactNumberConverter<long>(NumberStyles.AllowLeadingSign),
            new ExactNumberConverter<ulong>(NumberStyles.None),
            new ExactNumberConverter<Int128>(NumberStyles.AllowLeadingSign),
            new ExactNumberConverter<UInt128>(NumberStyles.None),
            new ExactNumberConverter<BigInteger>(NumberStyles.AllowLeadingSign),
            new ExactNumberConverter<decimal>(NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint),
            new FloatConverter<double>(),
            new FloatConverter<float>(),
            new FloatConverter<Half>(),
            new ValidStringConverter(),
            new ValidCharConverter(),
            new UnambiguousDateTimeConverter(),
            new UnambiguousDateTimeOffsetConverter(),
            new SetConverterFactory(),
            new FrozenDictionaryConverterFactory(),
        ];
        for (var index = 0; index < own.Length; index++) options.Converters.Insert(index, own[index]);
        options.Converters.Add(new NamedEnumConverter());
        return options;
    }

    /// <summary>The metadata of a type under the rules.</summary>
    /// <exception cref="ArgumentException">The user's context does not know the type, or the serializer cannot use it.</exception>
    public static JsonTypeInfo TypeInfo(JsonSerializerOptions options, Type type)
    {
        try
        {
            return options.GetTypeInfo(type);
        }
        catch (NotSupportedException unknown)
        {
            throw new ArgumentException(
                $"The JsonSerializerContext does not know {type}; add [JsonSerializable(typeof({type.Name}))] to it.", unknown);
        }
        catch (InvalidOperationException unusable)
        {
            throw new ArgumentException($"{type} has no JSON form: {unusable.Message}", unusable);
        }
    }

    // What a member's or a type's own attributes loosen; and the members in the order of the canonical form, so that what is written is
    // mostly canonical already.
    private static void Tighten(JsonTypeInfo typeInfo)
    {
        if (typeInfo.Kind != JsonTypeInfoKind.Object) return;
        typeInfo.NumberHandling = null;
        typeInfo.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        var order = 0;
        foreach (var property in typeInfo.Properties.OrderBy(property => property.Name, StringComparer.Ordinal))
        {
            property.Order = order++;
            property.NumberHandling = null;
            // A member that may be left out has a condition; every other one is always written.
            if (IsRestored(property) && property.ShouldSerialize is null && !property.IsExtensionData
                && typeInfo.Options.DefaultIgnoreCondition == JsonIgnoreCondition.Never)
                property.IsRequired = true;
        }
    }

    /// <summary>Whether a member is written and read back.</summary>
    public static bool IsRestored(JsonPropertyInfo property) =>
        property.Get is not null && (property.Set is not null || property.AssociatedParameter is not null);
}
