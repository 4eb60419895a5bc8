// Outboxes: where messages of decisions wait until they are delivered. The core's Outbox, mirrored.
// Made by applications beside their codecs; given to Decision.Send and to a dispatcher.
using System.Text.Json.Serialization.Metadata;
using Refold.Interop;

namespace Refold;

/// <summary>Makes outboxes.</summary>
public static class Outbox
{
    /// <summary>An outbox whose messages are JSON: <c>Outbox.Create("payments", Json.Default.Payment)</c>. The entry type of its messages
    /// is the outbox's name.</summary>
    /// <typeparam name="TMessage">The messages.</typeparam>
    /// <param name="name">Its name: 1 to 128 UTF-8 bytes without control characters. Its messages lie in the stream
    /// <c>$outbox/NAME</c>, the facts about them in <c>$outbox-log/NAME</c>.</param>
    /// <param name="typeInfo">The metadata of the messages; rules as in <see cref="Codec.Json{T}(JsonTypeInfo{T}, string)"/>.</param>
    /// <returns>The outbox.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule, or values of the type cannot be brought back exactly.</exception>
    public static Outbox<TMessage> Create<TMessage>(string name, JsonTypeInfo<TMessage> typeInfo) =>
        Create(name, Codec.Json(typeInfo, name));

    /// <summary>An outbox with a codec of its own, as for messages of several types or schema versions.</summary>
    /// <remarks>Give it type names of its own: under those of an aggregate's events a message is found wherever events are looked for by
    /// type (<see cref="Query.OfTypes"/>), so that a projection would count what happened twice.</remarks>
    /// <typeparam name="TMessage">The messages.</typeparam>
    /// <param name="name">Its name: 1 to 128 UTF-8 bytes without control characters.</param>
    /// <param name="codec">The form of its messages, without redaction: a message is delivered as it was recorded.</param>
    /// <returns>The outbox.</returns>
    /// <exception cref="ArgumentException">The name breaks a rule, or the codec redacts.</exception>
    public static Outbox<TMessage> Create<TMessage>(string name, Codec<TMessage> codec)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(codec);
        return new Outbox<TMessage>(DeliveryTranslation.Outbox(name, codec), codec);
    }
}

/// <summary>Where messages of one type wait until they are delivered. Made by <see cref="Outbox"/>. Immutable.</summary>
/// <typeparam name="TMessage">The messages.</typeparam>
public sealed class Outbox<TMessage>
{
    internal Outbox(Core.Outbox<TMessage> value, Codec<TMessage> codec) => (Value, Codec) = (value, codec);

    internal Core.Outbox<TMessage> Value { get; }

    /// <summary>Its name.</summary>
    public string Name => Value.Name;

    /// <summary>The form of its messages.</summary>
    public Codec<TMessage> Codec { get; }

    /// <summary>The stream of its messages, <c>$outbox/NAME</c>.</summary>
    public StreamId Stream => Value.Stream;

    /// <summary>Its name.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;
}
