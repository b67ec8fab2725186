impl serde::Serialize for Channel {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "CHANNEL_UNSPECIFIED",
            Self::Email => "CHANNEL_EMAIL",
            Self::Sms => "CHANNEL_SMS",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for Channel {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "CHANNEL_UNSPECIFIED",
            "CHANNEL_EMAIL",
            "CHANNEL_SMS",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = Channel;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(Channel::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(Channel::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "CHANNEL_UNSPECIFIED" => Ok(Channel::Unspecified),
                    "CHANNEL_EMAIL" => Ok(Channel::Email),
                    "CHANNEL_SMS" => Ok(Channel::Sms),
                    _ => Ok(Channel::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for Notice {
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
        if self.version != 0 {
            len += 1;
        }
        if self.kind != 0 {
            len += 1;
        }
        if self.channel != 0 {
            len += 1;
        }
        if self.time.is_some() {
            len += 1;
        }
        if self.reason != 0 {
            len += 1;
        }
        if self.amount.is_some() {
            len += 1;
        }
        if self.tries != 0 {
            len += 1;
        }
        if self.put_off != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("holdfast.notification.v1.Notice", len)?;
        if !self.order_id.is_empty() {
            struct_ser.serialize_field("orderId", &self.order_id)?;
        }
        if !self.user_id.is_empty() {
            struct_ser.serialize_field("userId", &self.user_id)?;
        }
        if self.version != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("version", ToString::to_string(&self.version).as_str())?;
        }
        if self.kind != 0 {
            let v = NoticeKind::try_from(self.kind)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.kind)))?;
            struct_ser.serialize_field("kind", &v)?;
        }
        if self.channel != 0 {
            let v = Channel::try_from(self.channel)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.channel)))?;
            struct_ser.serialize_field("channel", &v)?;
        }
        if let Some(v) = self.time.as_ref() {
            struct_ser.serialize_field("time", v)?;
        }
        if self.reason != 0 {
            let v = super::super::order::v1::CancelReason::try_from(self.reason)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.reason)))?;
            struct_ser.serialize_field("reason", &v)?;
        }
        if let Some(v) = self.amount.as_ref() {
            struct_ser.serialize_field("amount", v)?;
        }
        if self.tries != 0 {
            struct_ser.serialize_field("tries", &self.tries)?;
        }
        if self.put_off != 0 {
            struct_ser.serialize_field("putOff", &self.put_off)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Notice {
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
            "version",
            "kind",
            "channel",
            "time",
            "reason",
            "amount",
            "tries",
            "put_off",
            "putOff",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            OrderId,
            UserId,
            Version,
            Kind,
            Channel,
            Time,
            Reason,
            Amount,
            Tries,
            PutOff,
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
                            "version" => Ok(GeneratedField::Version),
                            "kind" => Ok(GeneratedField::Kind),
                            "channel" => Ok(GeneratedField::Channel),
                            "time" => Ok(GeneratedField::Time),
                            "reason" => Ok(GeneratedField::Reason),
                            "amount" => Ok(GeneratedField::Amount),
                            "tries" => Ok(GeneratedField::Tries),
                            "putOff" | "put_off" => Ok(GeneratedField::PutOff),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Notice;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct holdfast.notification.v1.Notice")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Notice, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut order_id__ = None;
                let mut user_id__ = None;
                let mut version__ = None;
                let mut kind__ = None;
                let mut channel__ = None;
                let mut time__ = None;
                let mut reason__ = None;
                let mut amount__ = None;
                let mut tries__ = None;
                let mut put_off__ = None;
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
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Kind => {
                            if kind__.is_some() {
                                return Err(serde::de::Error::duplicate_field("kind"));
                            }
                            kind__ = Some(map_.next_value::<NoticeKind>()? as i32);
                        }
                        GeneratedField::Channel => {
                            if channel__.is_some() {
                                return Err(serde::de::Error::duplicate_field("channel"));
                            }
                            channel__ = Some(map_.next_value::<Channel>()? as i32);
                        }
                        GeneratedField::Time => {
                            if time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("time"));
                            }
                            time__ = map_.next_value()?;
                        }
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value::<super::super::order::v1::CancelReason>()? as i32);
                        }
                        GeneratedField::Amount => {
                            if amount__.is_some() {
                                return Err(serde::de::Error::duplicate_field("amount"));
                            }
                            amount__ = map_.next_value()?;
                        }
                        GeneratedField::Tries => {
                            if tries__.is_some() {
                                return Err(serde::de::Error::duplicate_field("tries"));
                            }
                            tries__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::PutOff => {
                            if put_off__.is_some() {
                                return Err(serde::de::Error::duplicate_field("putOff"));
                            }
                            put_off__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Notice {
                    order_id: order_id__.unwrap_or_default(),
                    user_id: user_id__.unwrap_or_default(),
                    version: version__.unwrap_or_default(),
                    kind: kind__.unwrap_or_default(),
                    channel: channel__.unwrap_or_default(),
                    time: time__,
                    reason: reason__.unwrap_or_default(),
                    amount: amount__,
                    tries: tries__.unwrap_or_default(),
                    put_off: put_off__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("holdfast.notification.v1.Notice", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for NoticeKind {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "NOTICE_KIND_UNSPECIFIED",
            Self::Received => "NOTICE_KIND_RECEIVED",
            Self::PaymentDelayed => "NOTICE_KIND_PAYMENT_DELAYED",
            Self::Completed => "NOTICE_KIND_COMPLETED",
            Self::Cancelled => "NOTICE_KIND_CANCELLED",
            Self::Delayed => "NOTICE_KIND_DELAYED",
            Self::Refunded => "NOTICE_KIND_REFUNDED",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for NoticeKind {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "NOTICE_KIND_UNSPECIFIED",
            "NOTICE_KIND_RECEIVED",
            "NOTICE_KIND_PAYMENT_DELAYED",
            "NOTICE_KIND_COMPLETED",
            "NOTICE_KIND_CANCELLED",
            "NOTICE_KIND_DELAYED",
            "NOTICE_KIND_REFUNDED",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = NoticeKind;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(NoticeKind::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok().or_else(|| Some(NoticeKind::default())))
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "NOTICE_KIND_UNSPECIFIED" => Ok(NoticeKind::Unspecified),
                    "NOTICE_KIND_RECEIVED" => Ok(NoticeKind::Received),
                    "NOTICE_KIND_PAYMENT_DELAYED" => Ok(NoticeKind::PaymentDelayed),
                    "NOTICE_KIND_COMPLETED" => Ok(NoticeKind::Completed),
                    "NOTICE_KIND_CANCELLED" => Ok(NoticeKind::Cancelled),
                    "NOTICE_KIND_DELAYED" => Ok(NoticeKind::Delayed),
                    "NOTICE_KIND_REFUNDED" => Ok(NoticeKind::Refunded),
                    _ => Ok(NoticeKind::default()),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
