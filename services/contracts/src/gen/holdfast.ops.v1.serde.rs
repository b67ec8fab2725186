impl serde::Serialize for BreakerOpened {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.proxy.is_empty() {
            len += 1;
        }
        if !self.upstream.is_empty() {
            len += 1;
        }
        if self.ejected != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.BreakerOpened", len)?;
        if !self.proxy.is_empty() {
            struct_ser.serialize_field("proxy", &self.proxy)?;
        }
        if !self.upstream.is_empty() {
            struct_ser.serialize_field("upstream", &self.upstream)?;
        }
        if self.ejected != 0 {
            struct_ser.serialize_field("ejected", &self.ejected)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for BreakerOpened {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "proxy",
            "upstream",
            "ejected",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Proxy,
            Upstream,
            Ejected,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "proxy" => Ok(GeneratedField::Proxy),
                            "upstream" => Ok(GeneratedField::Upstream),
                            "ejected" => Ok(GeneratedField::Ejected),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = BreakerOpened;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.BreakerOpened")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<BreakerOpened, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut proxy__ = None;
                let mut upstream__ = None;
                let mut ejected__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Proxy => {
                            if proxy__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proxy"));
                            }
                            proxy__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Upstream => {
                            if upstream__.is_some() {
                                return Err(serde::de::Error::duplicate_field("upstream"));
                            }
                            upstream__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Ejected => {
                            if ejected__.is_some() {
                                return Err(serde::de::Error::duplicate_field("ejected"));
                            }
                            ejected__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(BreakerOpened {
                    proxy: proxy__.unwrap_or_default(),
                    upstream: upstream__.unwrap_or_default(),
                    ejected: ejected__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.BreakerOpened", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DeadLetter {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.sequence != 0 {
            len += 1;
        }
        if !self.service.is_empty() {
            len += 1;
        }
        if !self.consumer.is_empty() {
            len += 1;
        }
        if !self.reason.is_empty() {
            len += 1;
        }
        if !self.error.is_empty() {
            len += 1;
        }
        if self.redrives != 0 {
            len += 1;
        }
        if !self.event_type.is_empty() {
            len += 1;
        }
        if !self.user_id.is_empty() {
            len += 1;
        }
        if !self.entity_id.is_empty() {
            len += 1;
        }
        if !self.source_stream.is_empty() {
            len += 1;
        }
        if self.source_sequence != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.DeadLetter", len)?;
        if self.sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("sequence", ToString::to_string(&self.sequence).as_str())?;
        }
        if !self.service.is_empty() {
            struct_ser.serialize_field("service", &self.service)?;
        }
        if !self.consumer.is_empty() {
            struct_ser.serialize_field("consumer", &self.consumer)?;
        }
        if !self.reason.is_empty() {
            struct_ser.serialize_field("reason", &self.reason)?;
        }
        if !self.error.is_empty() {
            struct_ser.serialize_field("error", &self.error)?;
        }
        if self.redrives != 0 {
            struct_ser.serialize_field("redrives", &self.redrives)?;
        }
        if !self.event_type.is_empty() {
            struct_ser.serialize_field("eventType", &self.event_type)?;
        }
        if !self.user_id.is_empty() {
            struct_ser.serialize_field("userId", &self.user_id)?;
        }
        if !self.entity_id.is_empty() {
            struct_ser.serialize_field("entityId", &self.entity_id)?;
        }
        if !self.source_stream.is_empty() {
            struct_ser.serialize_field("sourceStream", &self.source_stream)?;
        }
        if self.source_sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("sourceSequence", ToString::to_string(&self.source_sequence).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DeadLetter {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "sequence",
            "service",
            "consumer",
            "reason",
            "error",
            "redrives",
            "event_type",
            "eventType",
            "user_id",
            "userId",
            "entity_id",
            "entityId",
            "source_stream",
            "sourceStream",
            "source_sequence",
            "sourceSequence",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Sequence,
            Service,
            Consumer,
            Reason,
            Error,
            Redrives,
            EventType,
            UserId,
            EntityId,
            SourceStream,
            SourceSequence,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "sequence" => Ok(GeneratedField::Sequence),
                            "service" => Ok(GeneratedField::Service),
                            "consumer" => Ok(GeneratedField::Consumer),
                            "reason" => Ok(GeneratedField::Reason),
                            "error" => Ok(GeneratedField::Error),
                            "redrives" => Ok(GeneratedField::Redrives),
                            "eventType" | "event_type" => Ok(GeneratedField::EventType),
                            "userId" | "user_id" => Ok(GeneratedField::UserId),
                            "entityId" | "entity_id" => Ok(GeneratedField::EntityId),
                            "sourceStream" | "source_stream" => Ok(GeneratedField::SourceStream),
                            "sourceSequence" | "source_sequence" => Ok(GeneratedField::SourceSequence),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DeadLetter;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.DeadLetter")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DeadLetter, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut sequence__ = None;
                let mut service__ = None;
                let mut consumer__ = None;
                let mut reason__ = None;
                let mut error__ = None;
                let mut redrives__ = None;
                let mut event_type__ = None;
                let mut user_id__ = None;
                let mut entity_id__ = None;
                let mut source_stream__ = None;
                let mut source_sequence__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Sequence => {
                            if sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sequence"));
                            }
                            sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Service => {
                            if service__.is_some() {
                                return Err(serde::de::Error::duplicate_field("service"));
                            }
                            service__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Consumer => {
                            if consumer__.is_some() {
                                return Err(serde::de::Error::duplicate_field("consumer"));
                            }
                            consumer__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Error => {
                            if error__.is_some() {
                                return Err(serde::de::Error::duplicate_field("error"));
                            }
                            error__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Redrives => {
                            if redrives__.is_some() {
                                return Err(serde::de::Error::duplicate_field("redrives"));
                            }
                            redrives__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::EventType => {
                            if event_type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("eventType"));
                            }
                            event_type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::UserId => {
                            if user_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("userId"));
                            }
                            user_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::EntityId => {
                            if entity_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("entityId"));
                            }
                            entity_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::SourceStream => {
                            if source_stream__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sourceStream"));
                            }
                            source_stream__ = Some(map_.next_value()?);
                        }
                        GeneratedField::SourceSequence => {
                            if source_sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sourceSequence"));
                            }
                            source_sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(DeadLetter {
                    sequence: sequence__.unwrap_or_default(),
                    service: service__.unwrap_or_default(),
                    consumer: consumer__.unwrap_or_default(),
                    reason: reason__.unwrap_or_default(),
                    error: error__.unwrap_or_default(),
                    redrives: redrives__.unwrap_or_default(),
                    event_type: event_type__.unwrap_or_default(),
                    user_id: user_id__.unwrap_or_default(),
                    entity_id: entity_id__.unwrap_or_default(),
                    source_stream: source_stream__.unwrap_or_default(),
                    source_sequence: source_sequence__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.DeadLetter", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ItemFailed {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.item.is_empty() {
            len += 1;
        }
        if !self.detail.is_empty() {
            len += 1;
        }
        if self.skipped {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.ItemFailed", len)?;
        if !self.item.is_empty() {
            struct_ser.serialize_field("item", &self.item)?;
        }
        if !self.detail.is_empty() {
            struct_ser.serialize_field("detail", &self.detail)?;
        }
        if self.skipped {
            struct_ser.serialize_field("skipped", &self.skipped)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ItemFailed {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "item",
            "detail",
            "skipped",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Item,
            Detail,
            Skipped,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "item" => Ok(GeneratedField::Item),
                            "detail" => Ok(GeneratedField::Detail),
                            "skipped" => Ok(GeneratedField::Skipped),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ItemFailed;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.ItemFailed")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ItemFailed, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut item__ = None;
                let mut detail__ = None;
                let mut skipped__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Item => {
                            if item__.is_some() {
                                return Err(serde::de::Error::duplicate_field("item"));
                            }
                            item__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Detail => {
                            if detail__.is_some() {
                                return Err(serde::de::Error::duplicate_field("detail"));
                            }
                            detail__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Skipped => {
                            if skipped__.is_some() {
                                return Err(serde::de::Error::duplicate_field("skipped"));
                            }
                            skipped__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ItemFailed {
                    item: item__.unwrap_or_default(),
                    detail: detail__.unwrap_or_default(),
                    skipped: skipped__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.ItemFailed", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ItemsBegun {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.items.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.ItemsBegun", len)?;
        if !self.items.is_empty() {
            struct_ser.serialize_field("items", &self.items)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ItemsBegun {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "items",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Items,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "items" => Ok(GeneratedField::Items),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ItemsBegun;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.ItemsBegun")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ItemsBegun, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut items__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Items => {
                            if items__.is_some() {
                                return Err(serde::de::Error::duplicate_field("items"));
                            }
                            items__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ItemsBegun {
                    items: items__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.ItemsBegun", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ItemsDone {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.done != 0 {
            len += 1;
        }
        if !self.failed.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.ItemsDone", len)?;
        if self.done != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("done", ToString::to_string(&self.done).as_str())?;
        }
        if !self.failed.is_empty() {
            struct_ser.serialize_field("failed", &self.failed)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ItemsDone {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "done",
            "failed",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Done,
            Failed,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "done" => Ok(GeneratedField::Done),
                            "failed" => Ok(GeneratedField::Failed),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ItemsDone;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.ItemsDone")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ItemsDone, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut done__ = None;
                let mut failed__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Done => {
                            if done__.is_some() {
                                return Err(serde::de::Error::duplicate_field("done"));
                            }
                            done__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Failed => {
                            if failed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("failed"));
                            }
                            failed__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ItemsDone {
                    done: done__.unwrap_or_default(),
                    failed: failed__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.ItemsDone", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OperationEnded {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.done != 0 {
            len += 1;
        }
        if self.skipped != 0 {
            len += 1;
        }
        if self.failed != 0 {
            len += 1;
        }
        if self.interrupted {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.OperationEnded", len)?;
        if self.done != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("done", ToString::to_string(&self.done).as_str())?;
        }
        if self.skipped != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("skipped", ToString::to_string(&self.skipped).as_str())?;
        }
        if self.failed != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("failed", ToString::to_string(&self.failed).as_str())?;
        }
        if self.interrupted {
            struct_ser.serialize_field("interrupted", &self.interrupted)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OperationEnded {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "done",
            "skipped",
            "failed",
            "interrupted",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Done,
            Skipped,
            Failed,
            Interrupted,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "done" => Ok(GeneratedField::Done),
                            "skipped" => Ok(GeneratedField::Skipped),
                            "failed" => Ok(GeneratedField::Failed),
                            "interrupted" => Ok(GeneratedField::Interrupted),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OperationEnded;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.OperationEnded")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OperationEnded, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut done__ = None;
                let mut skipped__ = None;
                let mut failed__ = None;
                let mut interrupted__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Done => {
                            if done__.is_some() {
                                return Err(serde::de::Error::duplicate_field("done"));
                            }
                            done__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Skipped => {
                            if skipped__.is_some() {
                                return Err(serde::de::Error::duplicate_field("skipped"));
                            }
                            skipped__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Failed => {
                            if failed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("failed"));
                            }
                            failed__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Interrupted => {
                            if interrupted__.is_some() {
                                return Err(serde::de::Error::duplicate_field("interrupted"));
                            }
                            interrupted__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OperationEnded {
                    done: done__.unwrap_or_default(),
                    skipped: skipped__.unwrap_or_default(),
                    failed: failed__.unwrap_or_default(),
                    interrupted: interrupted__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.OperationEnded", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OperationStarted {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.actor.is_empty() {
            len += 1;
        }
        if !self.via.is_empty() {
            len += 1;
        }
        if !self.command.is_empty() {
            len += 1;
        }
        if !self.filter.is_empty() {
            len += 1;
        }
        if self.up_to != 0 {
            len += 1;
        }
        if self.matching != 0 {
            len += 1;
        }
        if self.forced {
            len += 1;
        }
        if self.rate != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.OperationStarted", len)?;
        if !self.actor.is_empty() {
            struct_ser.serialize_field("actor", &self.actor)?;
        }
        if !self.via.is_empty() {
            struct_ser.serialize_field("via", &self.via)?;
        }
        if !self.command.is_empty() {
            struct_ser.serialize_field("command", &self.command)?;
        }
        if !self.filter.is_empty() {
            struct_ser.serialize_field("filter", &self.filter)?;
        }
        if self.up_to != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("upTo", ToString::to_string(&self.up_to).as_str())?;
        }
        if self.matching != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("matching", ToString::to_string(&self.matching).as_str())?;
        }
        if self.forced {
            struct_ser.serialize_field("forced", &self.forced)?;
        }
        if self.rate != 0 {
            struct_ser.serialize_field("rate", &self.rate)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OperationStarted {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "actor",
            "via",
            "command",
            "filter",
            "up_to",
            "upTo",
            "matching",
            "forced",
            "rate",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Actor,
            Via,
            Command,
            Filter,
            UpTo,
            Matching,
            Forced,
            Rate,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "actor" => Ok(GeneratedField::Actor),
                            "via" => Ok(GeneratedField::Via),
                            "command" => Ok(GeneratedField::Command),
                            "filter" => Ok(GeneratedField::Filter),
                            "upTo" | "up_to" => Ok(GeneratedField::UpTo),
                            "matching" => Ok(GeneratedField::Matching),
                            "forced" => Ok(GeneratedField::Forced),
                            "rate" => Ok(GeneratedField::Rate),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OperationStarted;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.OperationStarted")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OperationStarted, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut actor__ = None;
                let mut via__ = None;
                let mut command__ = None;
                let mut filter__ = None;
                let mut up_to__ = None;
                let mut matching__ = None;
                let mut forced__ = None;
                let mut rate__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Actor => {
                            if actor__.is_some() {
                                return Err(serde::de::Error::duplicate_field("actor"));
                            }
                            actor__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Via => {
                            if via__.is_some() {
                                return Err(serde::de::Error::duplicate_field("via"));
                            }
                            via__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Command => {
                            if command__.is_some() {
                                return Err(serde::de::Error::duplicate_field("command"));
                            }
                            command__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Filter => {
                            if filter__.is_some() {
                                return Err(serde::de::Error::duplicate_field("filter"));
                            }
                            filter__ = Some(map_.next_value()?);
                        }
                        GeneratedField::UpTo => {
                            if up_to__.is_some() {
                                return Err(serde::de::Error::duplicate_field("upTo"));
                            }
                            up_to__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Matching => {
                            if matching__.is_some() {
                                return Err(serde::de::Error::duplicate_field("matching"));
                            }
                            matching__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Forced => {
                            if forced__.is_some() {
                                return Err(serde::de::Error::duplicate_field("forced"));
                            }
                            forced__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Rate => {
                            if rate__.is_some() {
                                return Err(serde::de::Error::duplicate_field("rate"));
                            }
                            rate__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OperationStarted {
                    actor: actor__.unwrap_or_default(),
                    via: via__.unwrap_or_default(),
                    command: command__.unwrap_or_default(),
                    filter: filter__.unwrap_or_default(),
                    up_to: up_to__.unwrap_or_default(),
                    matching: matching__.unwrap_or_default(),
                    forced: forced__.unwrap_or_default(),
                    rate: rate__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.OperationStarted", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OperatorAction {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.operation_id.is_empty() {
            len += 1;
        }
        if self.time.is_some() {
            len += 1;
        }
        if self.action.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.OperatorAction", len)?;
        if !self.operation_id.is_empty() {
            struct_ser.serialize_field("operationId", &self.operation_id)?;
        }
        if let Some(v) = self.time.as_ref() {
            struct_ser.serialize_field("time", v)?;
        }
        if let Some(v) = self.action.as_ref() {
            match v {
                operator_action::Action::Started(v) => {
                    struct_ser.serialize_field("started", v)?;
                }
                operator_action::Action::Begun(v) => {
                    struct_ser.serialize_field("begun", v)?;
                }
                operator_action::Action::Done(v) => {
                    struct_ser.serialize_field("done", v)?;
                }
                operator_action::Action::Ended(v) => {
                    struct_ser.serialize_field("ended", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OperatorAction {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "operation_id",
            "operationId",
            "time",
            "started",
            "begun",
            "done",
            "ended",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OperationId,
            Time,
            Started,
            Begun,
            Done,
            Ended,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "operationId" | "operation_id" => Ok(GeneratedField::OperationId),
                            "time" => Ok(GeneratedField::Time),
                            "started" => Ok(GeneratedField::Started),
                            "begun" => Ok(GeneratedField::Begun),
                            "done" => Ok(GeneratedField::Done),
                            "ended" => Ok(GeneratedField::Ended),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OperatorAction;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.OperatorAction")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OperatorAction, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut operation_id__ = None;
                let mut time__ = None;
                let mut action__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::OperationId => {
                            if operation_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("operationId"));
                            }
                            operation_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Time => {
                            if time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("time"));
                            }
                            time__ = map_.next_value()?;
                        }
                        GeneratedField::Started => {
                            if action__.is_some() {
                                return Err(serde::de::Error::duplicate_field("started"));
                            }
                            action__ = map_.next_value::<::std::option::Option<_>>()?.map(operator_action::Action::Started)
;
                        }
                        GeneratedField::Begun => {
                            if action__.is_some() {
                                return Err(serde::de::Error::duplicate_field("begun"));
                            }
                            action__ = map_.next_value::<::std::option::Option<_>>()?.map(operator_action::Action::Begun)
;
                        }
                        GeneratedField::Done => {
                            if action__.is_some() {
                                return Err(serde::de::Error::duplicate_field("done"));
                            }
                            action__ = map_.next_value::<::std::option::Option<_>>()?.map(operator_action::Action::Done)
;
                        }
                        GeneratedField::Ended => {
                            if action__.is_some() {
                                return Err(serde::de::Error::duplicate_field("ended"));
                            }
                            action__ = map_.next_value::<::std::option::Option<_>>()?.map(operator_action::Action::Ended)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OperatorAction {
                    operation_id: operation_id__.unwrap_or_default(),
                    time: time__,
                    action: action__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.OperatorAction", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for OpsEvent {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.time.is_some() {
            len += 1;
        }
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.OpsEvent", len)?;
        if let Some(v) = self.time.as_ref() {
            struct_ser.serialize_field("time", v)?;
        }
        if let Some(v) = self.event.as_ref() {
            match v {
                ops_event::Event::SagaParked(v) => {
                    struct_ser.serialize_field("sagaParked", v)?;
                }
                ops_event::Event::DeadLetter(v) => {
                    struct_ser.serialize_field("deadLetter", v)?;
                }
                ops_event::Event::BreakerOpened(v) => {
                    struct_ser.serialize_field("breakerOpened", v)?;
                }
                ops_event::Event::WriterChanged(v) => {
                    struct_ser.serialize_field("writerChanged", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for OpsEvent {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "time",
            "saga_parked",
            "sagaParked",
            "dead_letter",
            "deadLetter",
            "breaker_opened",
            "breakerOpened",
            "writer_changed",
            "writerChanged",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Time,
            SagaParked,
            DeadLetter,
            BreakerOpened,
            WriterChanged,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "time" => Ok(GeneratedField::Time),
                            "sagaParked" | "saga_parked" => Ok(GeneratedField::SagaParked),
                            "deadLetter" | "dead_letter" => Ok(GeneratedField::DeadLetter),
                            "breakerOpened" | "breaker_opened" => Ok(GeneratedField::BreakerOpened),
                            "writerChanged" | "writer_changed" => Ok(GeneratedField::WriterChanged),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = OpsEvent;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.OpsEvent")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<OpsEvent, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut time__ = None;
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Time => {
                            if time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("time"));
                            }
                            time__ = map_.next_value()?;
                        }
                        GeneratedField::SagaParked => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sagaParked"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(ops_event::Event::SagaParked)
;
                        }
                        GeneratedField::DeadLetter => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("deadLetter"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(ops_event::Event::DeadLetter)
;
                        }
                        GeneratedField::BreakerOpened => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("breakerOpened"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(ops_event::Event::BreakerOpened)
;
                        }
                        GeneratedField::WriterChanged => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("writerChanged"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(ops_event::Event::WriterChanged)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(OpsEvent {
                    time: time__,
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.OpsEvent", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SagaParked {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.order_id.is_empty() {
            len += 1;
        }
        if !self.user_id.is_empty() {
            len += 1;
        }
        if !self.step.is_empty() {
            len += 1;
        }
        if self.attempt != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.SagaParked", len)?;
        if !self.order_id.is_empty() {
            struct_ser.serialize_field("orderId", &self.order_id)?;
        }
        if !self.user_id.is_empty() {
            struct_ser.serialize_field("userId", &self.user_id)?;
        }
        if !self.step.is_empty() {
            struct_ser.serialize_field("step", &self.step)?;
        }
        if self.attempt != 0 {
            struct_ser.serialize_field("attempt", &self.attempt)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SagaParked {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "order_id",
            "orderId",
            "user_id",
            "userId",
            "step",
            "attempt",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OrderId,
            UserId,
            Step,
            Attempt,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "orderId" | "order_id" => Ok(GeneratedField::OrderId),
                            "userId" | "user_id" => Ok(GeneratedField::UserId),
                            "step" => Ok(GeneratedField::Step),
                            "attempt" => Ok(GeneratedField::Attempt),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SagaParked;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.SagaParked")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SagaParked, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut order_id__ = None;
                let mut user_id__ = None;
                let mut step__ = None;
                let mut attempt__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::OrderId => {
                            if order_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("orderId"));
                            }
                            order_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::UserId => {
                            if user_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("userId"));
                            }
                            user_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Step => {
                            if step__.is_some() {
                                return Err(serde::de::Error::duplicate_field("step"));
                            }
                            step__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Attempt => {
                            if attempt__.is_some() {
                                return Err(serde::de::Error::duplicate_field("attempt"));
                            }
                            attempt__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(SagaParked {
                    order_id: order_id__.unwrap_or_default(),
                    user_id: user_id__.unwrap_or_default(),
                    step: step__.unwrap_or_default(),
                    attempt: attempt__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.SagaParked", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for WriterChanged {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.stream.is_empty() {
            len += 1;
        }
        if !self.consumer.is_empty() {
            len += 1;
        }
        if !self.pin_id.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.ops.v1.WriterChanged", len)?;
        if !self.stream.is_empty() {
            struct_ser.serialize_field("stream", &self.stream)?;
        }
        if !self.consumer.is_empty() {
            struct_ser.serialize_field("consumer", &self.consumer)?;
        }
        if !self.pin_id.is_empty() {
            struct_ser.serialize_field("pinId", &self.pin_id)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for WriterChanged {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "stream",
            "consumer",
            "pin_id",
            "pinId",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Stream,
            Consumer,
            PinId,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "stream" => Ok(GeneratedField::Stream),
                            "consumer" => Ok(GeneratedField::Consumer),
                            "pinId" | "pin_id" => Ok(GeneratedField::PinId),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = WriterChanged;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.ops.v1.WriterChanged")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<WriterChanged, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut stream__ = None;
                let mut consumer__ = None;
                let mut pin_id__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Stream => {
                            if stream__.is_some() {
                                return Err(serde::de::Error::duplicate_field("stream"));
                            }
                            stream__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Consumer => {
                            if consumer__.is_some() {
                                return Err(serde::de::Error::duplicate_field("consumer"));
                            }
                            consumer__ = Some(map_.next_value()?);
                        }
                        GeneratedField::PinId => {
                            if pin_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("pinId"));
                            }
                            pin_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(WriterChanged {
                    stream: stream__.unwrap_or_default(),
                    consumer: consumer__.unwrap_or_default(),
                    pin_id: pin_id__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.ops.v1.WriterChanged", FIELDS, GeneratedVisitor)
    }
}
